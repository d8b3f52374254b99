import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { InterruptedError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { wait } from '../wait.ts';
import { collectOutput } from './collect-output.ts';
import { groupLedBy, killGroup } from './process-group.ts';
import type { ProcessGroup } from './process-group.ts';
import { ProcessStartError } from './process-start-error.ts';

export interface RunOptions {
  /** Absolute path of the program. */
  readonly file: string;
  readonly args?: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** From start to exit. */
  readonly timeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly killAfterMs?: number;
  /** From the exit until the output counts as complete though somebody still holds the pipes. */
  readonly graceMs?: number;
  /** Replaced by asterisks in the output. */
  readonly secret?: Secret;
  /** Characters of output to keep, from its head and its tail. */
  readonly outputLimit?: number;
  /** Ends the process like the deadline does. */
  readonly stop?: AbortSignal;
  /** Told of the process group at once, while it is certain to exist. When this throws, the group is killed. */
  readonly onStart?: (group: ProcessGroup) => void;
}

export interface ProcessEnd {
  /** As in Python: the negative number of the signal when one ended it. */
  readonly exitStatus: number;
  /** Standard output and error in the order of their arrival, masked, then bounded. */
  readonly output: string;
  readonly end: 'exited' | 'timed out' | 'stopped';
}

/**
 * Runs a program in a process group of its own, in `/`, without standard input. The end is its exit plus a short grace
 * for output, also when a child of it still holds the pipes. Whatever is left of the group is killed then, but for the
 * children of a program that succeeded: those it meant to leave running.
 * @throws ProcessStartError when it cannot be started; InterruptedError when `stop` was aborted before.
 */
export async function runProcess(options: RunOptions): Promise<ProcessEnd> {
  const { file, timeoutMs, killAfterMs = 1000, graceMs = 500, secret = new Secret(''), stop } = options;
  if (stop?.aborted === true) throw new InterruptedError(`${file} was not started: the worker is stopping`);
  const { pgid, exited, closed, pipes } = await start(options);
  const output = collectOutput(pipes, { secret, limit: options.outputLimit ?? 2000 });
  const finished = new AbortController();
  try {
    options.onStart?.(groupLedBy(pgid));
    const end = await Promise.race([
      exited.then(() => 'exited' as const),
      wait(timeoutMs, finished.signal).then(() => 'timed out' as const),
      aborted(stop, finished.signal).then(() => 'stopped' as const),
    ]);
    if (end !== 'exited') await endRunning(pgid, killAfterMs, finished.signal);
    const exitStatus = await exited;
    const complete = await Promise.race([
      closed.then(() => true),
      wait(graceMs, finished.signal).then(() => false),
    ]);
    if (end !== 'exited' || exitStatus !== 0) killGroup(pgid, 'SIGKILL');
    return { exitStatus, output: output.finish({ cutShort: end !== 'exited' || !complete }), end };
  } catch (error) {
    killGroup(pgid, 'SIGKILL');
    output.finish({ cutShort: true });
    await exited;
    throw error;
  } finally {
    finished.abort();
  }
}

interface Started {
  readonly pgid: number;
  readonly exited: Promise<number>;
  readonly closed: Promise<unknown>;
  readonly pipes: readonly Readable[];
}

async function start({ file, args = [], env }: RunOptions): Promise<Started> {
  const child = spawnGroup(file, args, env);
  if (child.pid === undefined) {
    const failure: readonly unknown[] = await once(child, 'error');
    throw new ProcessStartError(file, failure[0]);
  }
  return {
    pgid: child.pid,
    exited: new Promise((resolve) => {
      child.once('exit', (code, signal) =>
        resolve(code ?? -(signal === null ? 0 : constants.signals[signal])),
      );
    }),
    closed: new Promise((resolve) => child.once('close', resolve)),
    pipes: [child.stdout, child.stderr].filter((pipe) => pipe !== null),
  };
}

/** Node reports some failures to start by an event, some by throwing: https://nodejs.org/api/child_process.html */
function spawnGroup(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  try {
    return spawn(file, args, { env, cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new ProcessStartError(file, error);
  }
}

function aborted(signal: AbortSignal | undefined, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true, signal: until });
  });
}

/**
 * Gives all of the group until `killAfterMs` to end in order, not only its leader. Zombies count as well: telling them apart would
 * take a look at the whole process table, and costs time only in containers whose first process reaps no orphans.
 */
async function endRunning(pgid: number, killAfterMs: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + killAfterMs;
  killGroup(pgid, 'SIGTERM');
  while (killGroup(pgid, 0)) {
    if (performance.now() >= deadline) {
      killGroup(pgid, 'SIGKILL');
      return;
    }
    await wait(Math.min(20, killAfterMs), signal);
  }
}
