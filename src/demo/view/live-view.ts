import { frame } from './frame.ts';
import { paint } from './line.ts';
import type { Scene } from './scene.ts';
import type { View } from './view.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_SCREEN = '\x1b[2J\x1b[H';
const CLEAR_REST_OF_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** The part of a terminal that the view uses. */
export type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows'>;

/** Draws the scene on a terminal, again and again in the same place. */
export class LiveView implements View {
  readonly #terminal: Terminal;
  readonly #isColoured: boolean;
  #stepTimer: NodeJS.Timeout | undefined;
  #drawnLines = 0;
  #drawnWidth = 0;

  constructor(terminal: Terminal, { isColoured }: { isColoured: boolean }) {
    this.#terminal = terminal;
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
    const { columns, rows } = this.#terminal;
    // Last column and last row stay free: writing there moves the screen on some terminals.
    const width = columns - 1;
    const lines = frame(scene, { nowMs: Date.now(), width })
      .slice(0, rows - 1)
      .map((line) => paint(line, { width, isColoured: this.#isColoured }) + CLEAR_REST_OF_LINE);
    this.#terminal.write(`${this.#home(columns)}${lines.join('\n')}\n${CLEAR_BELOW}`);
    this.#drawnLines = lines.length;
  }

  close(): void {
    this.#endStep();
    if (this.#drawnLines > 0) this.#terminal.write(`${SHOW_CURSOR}\n`);
  }

  #endStep(): void {
    if (this.#stepTimer === undefined) return;
    clearInterval(this.#stepTimer);
    this.#stepTimer = undefined;
    this.#terminal.write('\n');
  }

  /** Brings the cursor to where the picture begins. A terminal that became narrower has folded the lines: then all is cleared. */
  #home(columns: number): string {
    const isResized = this.#drawnLines > 0 && columns !== this.#drawnWidth;
    this.#drawnWidth = columns;
    if (isResized) return CLEAR_SCREEN;
    return this.#drawnLines === 0 ? `${HIDE_CURSOR}\n` : `\x1b[${this.#drawnLines}A\r`;
  }
}
