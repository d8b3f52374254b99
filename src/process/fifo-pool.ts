import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describeError, errorCode } from '../errors.ts';
import { excerpt } from '../excerpt.ts';

/** As many as `mkfifo` makes in the time that its own start takes. */
const BATCH = 64;

/** Both ends of a pipe; ours does not wait when it is read. */
export interface Pipe {
  readonly ours: number;
  readonly theirs: number;
}

/** Pipes that come from the file system, since Node cannot make others. Each is used once, and has no name from then on. */
export class FifoPool {
  readonly #dir: string;
  #ready: string[] = [];
  #batches = 0;
  #making: Promise<void> | undefined;

  /** `dir` is the pool's own: what is in it is removed. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @throws Error when mkfifo(1) cannot make any; with its code, such as EMFILE, when one cannot be opened. */
  async take(): Promise<Pipe> {
    for (;;) {
      while (this.#ready.length === 0) await (this.#making ??= this.#make());
      const path = this.#ready.pop() ?? '';
      try {
        return opened(path);
      } catch (error) {
        if (errorCode(error) !== 'ENOENT') throw error;
        // What has removed this one has removed the others too: they are made anew.
        this.#ready = [];
      } finally {
        rmSync(path, { force: true });
      }
    }
  }

  async #make(): Promise<void> {
    const batch = this.#batches++;
    const paths = Array.from({ length: BATCH }, (_, n) => join(this.#dir, `${batch}-${n}`));
    try {
      if (batch === 0) await rm(this.#dir, { recursive: true, force: true });
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      await mkfifo(paths);
      this.#ready.push(...paths);
    } catch (error) {
      // Without a code: it is not the program to be started that is missing.
      throw new Error(`expected mkfifo(1) to make pipes in ${this.#dir}, found: ${describeError(error)}`);
    } finally {
      this.#making = undefined;
    }
  }
}

async function mkfifo(paths: readonly string[]): Promise<void> {
  const options = { env: { PATH, LC_ALL: 'C' }, timeout: 10_000 };
  try {
    await promisify(execFile)('mkfifo', ['-m', '600', ...paths], options);
  } catch (error) {
    throw new Error(excerpt(failureOf(error)));
  }
}

/** What the program said, if it ran: the message of the error begins with its arguments, which are many. */
function failureOf(error: unknown): string {
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  return said === '' ? describeError(error) : said;
}

const PATH = '/usr/bin:/bin';

/** Reader first: opening a FIFO for writing waits for one. */
function opened(path: string): Pipe {
  const ours = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { ours, theirs: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    closeSync(ours);
    throw error;
  }
}
