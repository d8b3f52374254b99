import { wait } from '../wait.ts';
import { environmentOf, listProcesses, openFilesOf, type ProcStat } from './proc-table.ts';

/** A process as one look showed it. */
export interface SeenProcess extends ProcStat {
  /** A variable of the environment that it was started with. */
  variable(name: string): string | undefined;
  /** Whether it has open what Linux calls so. */
  hasOpen(name: string): boolean;
}

/** Between two looks, in times of what the last one took: fifty scripts that run into their limit together cost no more than one. */
const REST = 4;

/** Looks at the process table, one for all who ask at about the same time. */
export class ProcessLooks {
  #next: Promise<readonly SeenProcess[]> | undefined;
  #notBefore = 0;

  /** All living processes but this one, as they are at some moment after the call. */
  take(): Promise<readonly SeenProcess[]> {
    this.#next ??= this.#look();
    return this.#next;
  }

  async #look(): Promise<readonly SeenProcess[]> {
    await wait(this.#notBefore - performance.now());
    this.#next = undefined;
    const startedAt = performance.now();
    const seen = listProcesses()
      .filter(({ pid }) => pid !== process.pid)
      .map(seenProcess);
    this.#notBefore = performance.now() + REST * (performance.now() - startedAt);
    return seen;
  }
}

function seenProcess(stat: ProcStat): SeenProcess {
  let environment: ReadonlyMap<string, string> | undefined;
  let openFiles: readonly string[] | undefined;
  return {
    ...stat,
    variable: (name) => (environment ??= environmentOf(stat.pid)).get(name),
    hasOpen: (name) => (openFiles ??= openFilesOf(stat.pid)).includes(name),
  };
}
