import { RedrawnLines, type Terminal } from '../../terminal/redrawn-lines.ts';
import { frame } from './frame.ts';
import { paint } from './line.ts';
import type { Scene } from './scene.ts';
import type { View } from './view.ts';

/** Draws the scene on a terminal, again and again in the same place. */
export class LiveView implements View {
  readonly #terminal: Terminal;
  readonly #lines: RedrawnLines;
  readonly #isColoured: boolean;
  #stepTimer: NodeJS.Timeout | undefined;

  constructor(terminal: Terminal, { isColoured }: { isColoured: boolean }) {
    this.#terminal = terminal;
    this.#lines = new RedrawnLines(terminal);
    this.#isColoured = isColoured;
  }

  step(text: string): void {
    this.#endStep();
    const begunAt = performance.now();
    const tell = (): void => {
      const lastedS = Math.floor((performance.now() - begunAt) / 1000);
      this.#terminal.write(`\r${text}${lastedS > 0 ? ` … ${lastedS} s` : ''}`);
    };
    tell();
    this.#stepTimer = setInterval(tell, 1000);
  }

  show(scene: Scene): void {
    this.#endStep();
    const { width } = this.#lines.room;
    const lines = frame(scene, { nowMs: Date.now(), width });
    this.#lines.draw(lines.map((line) => paint(line, { width, isColoured: this.#isColoured })));
  }

  close(): void {
    this.#endStep();
    this.#lines.close();
  }

  #endStep(): void {
    if (this.#stepTimer === undefined) return;
    clearInterval(this.#stepTimer);
    this.#stepTimer = undefined;
    this.#terminal.write('\n');
  }
}
