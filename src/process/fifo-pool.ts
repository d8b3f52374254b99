import { execFile } from 'node:child_process';
import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

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

  /** @throws Error when mkfifo(1) cannot make any. */
  async take(): Promise<Pipe> {
    while (this.#ready.length === 0) await (this.#making ??= this.#make());
    const path = this.#ready.pop() ?? '';
    try {
      return opened(path);
    } finally {
      unlinkSync(path);
    }
  }

  async #make(): Promise<void> {
    try {
      if (this.#batches === 0) {
        await rm(this.#dir, { recursive: true, force: true });
        await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      }
      const batch = this.#batches++;
      const paths = Array.from({ length: BATCH }, (_, n) => join(this.#dir, `${batch}-${n}`));
      await promisify(execFile)('mkfifo', ['-m', '600', ...paths], {
        env: { PATH, LC_ALL: 'C' },
        timeout: 10_000,
      });
      this.#ready.push(...paths);
    } finally {
      this.#making = undefined;
    }
  }
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
