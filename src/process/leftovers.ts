import { readInTurns, type ReadingOptions } from './collect-output.ts';
import type { StartedProcess } from './starter.ts';

type Pipe = Pick<StartedProcess, 'read' | 'close'>;

/** Each is a descriptor, and a process that a script left behind on purpose. */
const MOST = 1000;

/** In no hurry: one that floods its output must not take the time of those that work. */
const AFTERWARDS: ReadingOptions = { minPauseMs: 100, maxPauseMs: 1000, isRef: false };

/**
 * Pipes of scripts that are over, held by what they left running on purpose: read into nothing until they close, since who writes
 * to a closed pipe is killed. Beyond the bound the oldest is closed. None keeps this process from ending, and with it all close.
 */
export class Leftovers {
  readonly #pipes = new Map<Pipe, () => void>();

  keep(pipe: Pipe): void {
    const { closed, stop } = readInTurns(pipe, () => undefined, AFTERWARDS);
    this.#pipes.set(pipe, stop);
    void closed.then(() => this.#close(pipe));
    const [oldest] = this.#pipes.keys();
    if (this.#pipes.size > MOST && oldest !== undefined) this.#close(oldest);
  }

  #close(pipe: Pipe): void {
    this.#pipes.get(pipe)?.();
    this.#pipes.delete(pipe);
    pipe.close();
  }
}
