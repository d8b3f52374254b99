import type { BoardCommand } from '../board.ts';
import { inSeconds, modeText, reasonOf, type Scene } from './scene.ts';
import type { View } from './view.ts';

/** Tells the show line by line: what begins, and each command that has ended. For logs and pipes. */
export class PlainView implements View {
  readonly #out: Pick<NodeJS.WritableStream, 'write'>;
  #caption = '';
  #mode = '';

  constructor(out: Pick<NodeJS.WritableStream, 'write'>) {
    this.#out = out;
  }

  step(text: string): void {
    this.#out.write(`${text}\n`);
  }

  show(scene: Scene, ended: readonly BoardCommand[]): void {
    const mode = modeText(scene);
    if (scene.mode !== undefined && mode !== this.#mode) this.#out.write(`commands come by: ${mode}\n`);
    this.#mode = mode;
    for (const command of ended) this.#out.write(`${endText(command, scene.startedAtMs)}\n`);
    if (scene.caption !== this.#caption) this.#out.write(`\n${scene.caption}\n`);
    this.#caption = scene.caption;
  }

  close(): void {
    this.#out.write('\n');
  }
}

function endText(command: BoardCommand, showStartedAtMs: number): string {
  const { id, fqdn, action, status, queuedAtMs, startedAtMs = 0, finishedAtMs = 0 } = command;
  const when = inSeconds(finishedAtMs - showStartedAtMs).padStart(7);
  const what = `#${String(id).padEnd(3)} ${fqdn.padEnd(8)} ${action.padEnd(4)} ${status.toLowerCase().padEnd(9)}`;
  const times = `waited ${inSeconds(startedAtMs - queuedAtMs, 3)}, took ${inSeconds(finishedAtMs - startedAtMs, 2)}`;
  return `${when}  ${what}  ${times}${status === 'Completed' ? '' : `: ${reasonOf(command)}`}`;
}
