import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, readSync } from 'node:fs';
import { constants } from 'node:os';
import { errorCode } from '../errors.ts';
import type { FifoPool } from './fifo-pool.ts';
import { nameOfOpenFile, readStat } from './proc-table.ts';
import { killGroup } from './process-group.ts';
import { ProcessStartError } from './process-start-error.ts';
import type { StartedProcess, Starter } from './starter.ts';

const READ_BYTES = 65_536;

/**
 * Starts programs by Node's own spawn, where `PosixStarter` cannot. Node makes sockets where programs expect pipes, so that these come
 * from the file system. It takes each child from the kernel by itself, as soon as that has ended.
 */
export class NodeStarter implements Starter {
  readonly name = 'node';
  readonly #fifos: Pick<FifoPool, 'take'>;
  readonly #buffer = new Uint8Array(READ_BYTES);

  constructor(fifos: Pick<FifoPool, 'take'>) {
    this.#fifos = fifos;
  }

  async start(
    file: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    until: AbortSignal,
  ): Promise<StartedProcess> {
    let pipe: { readonly ours: number; readonly theirs: number } | undefined;
    try {
      pipe = await this.#fifos.take();
      until.throwIfAborted();
      const child = await spawned(file, args, env, pipe.theirs);
      return this.#started(child, pipe.ours);
    } catch (error) {
      if (pipe !== undefined) closeSync(pipe.ours);
      throw new ProcessStartError(file, error);
    } finally {
      if (pipe !== undefined) closeSync(pipe.theirs);
    }
  }

  #started({ pid, exited }: { pid: number; exited: Promise<number> }, pipe: number): StartedProcess {
    let isOpen = true;
    let hasEnded = false;
    void exited.then(() => (hasEnded = true));
    return {
      pid,
      pipe: nameOfOpenFile('self', pipe),
      exited,
      read: () => {
        if (!isOpen) return undefined;
        const length = readNow(pipe, this.#buffer);
        return length === undefined ? undefined : this.#buffer.subarray(0, length);
      },
      // Node has taken the leader from the kernel: one that lives now has got its number since.
      signal: (signal) => !(hasEnded && readStat(pid) !== undefined) && killGroup(pid, signal),
      reap: () => undefined,
      close: () => {
        if (isOpen) closeSync(pipe);
        isOpen = false;
      },
    };
  }
}

async function spawned(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  pipe: number,
): Promise<{ pid: number; exited: Promise<number> }> {
  const child: ChildProcess = spawn(file, args, {
    env,
    cwd: '/',
    detached: true,
    stdio: ['ignore', pipe, pipe],
  });
  // Node reports some failures to start by an event, some by throwing: https://nodejs.org/api/child_process.html
  if (child.pid === undefined) {
    const failure: readonly unknown[] = await once(child, 'error');
    throw failure[0];
  }
  const exited = new Promise<number>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? -(signal === null ? 0 : constants.signals[signal])));
  });
  return { pid: child.pid, exited };
}

/** How many bytes came, 0 when none are there yet, undefined at the end. */
function readNow(pipe: number, into: Uint8Array): number | undefined {
  try {
    const length = readSync(pipe, into);
    return length === 0 ? undefined : length;
  } catch (error) {
    return errorCode(error) === 'EAGAIN' ? 0 : undefined;
  }
}
