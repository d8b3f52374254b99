import { ConfigError, describeError } from '../errors.ts';
import { FifoPool } from './fifo-pool.ts';
import { loadLibc } from './libc.ts';
import { NodeStarter } from './node-starter.ts';
import { PosixStarter } from './posix-starter.ts';
import { createRunner } from './run-process.ts';
import type { Starter } from './starter.ts';

/** What is chosen, and why not the better one. */
export interface ChosenStarter {
  readonly starter: Starter;
  /** Why it is not `posix`, when that was tried. */
  readonly reason?: string;
}

/**
 * The starter that is wanted; with `auto` the posix one where it works, else Node's, which makes its pipes in `fifoDir`.
 * @throws ConfigError saying what is missing when `posix` is wanted and does not work.
 */
export async function chooseStarter(
  wanted: 'auto' | 'posix' | 'node',
  fifoDir: string,
): Promise<ChosenStarter> {
  const node = (): Starter => new NodeStarter(new FifoPool(fifoDir));
  if (wanted === 'node') return { starter: node() };
  try {
    const starter = new PosixStarter(await loadLibc());
    await test(starter);
    return { starter };
  } catch (error) {
    if (wanted === 'posix') {
      throw new ConfigError([
        `PROCESS_STARTER: posix does not work here: ${describeError(error)}; install the optional package koffi, on Linux with glibc 2.29 or later, or set it to auto`,
      ]);
    }
    return { starter: node(), reason: describeError(error) };
  }
}

/** Structures of other sizes, say, would show in any of these. @throws Error */
async function test(starter: Starter): Promise<void> {
  const script = 'echo "$A" >/dev/stderr; pwd; cat; exit 7';
  const { exitStatus, output } = await createRunner(starter)({
    file: '/bin/sh',
    args: ['-c', script],
    env: { A: 'one', PATH: '/usr/bin:/bin' },
    timeoutMs: 5000,
  });
  const found = JSON.stringify({ exitStatus, output });
  const expected = JSON.stringify({ exitStatus: 7, output: 'one\n/\n' });
  if (found !== expected) throw new Error(`self-test: expected ${expected}, found ${found}`);
}
