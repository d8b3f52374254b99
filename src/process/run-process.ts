import { InterruptedError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { wait } from '../wait.ts';
import { type CollectedOutput, collectOutput } from './collect-output.ts';
import { endGroups, GIVE_UP_MS, type FormerRun, RUN_MARKER } from './end-group.ts';
import { Leftovers } from './leftovers.ts';
import { groupLedBy } from './process-group.ts';
import type { ProcessGroup } from './process-group.ts';
import { ProcessLooks } from './process-looks.ts';
import { ProcessStartError } from './process-start-error.ts';
import type { StartedProcess, Starter } from './starter.ts';
import { SurvivorsError } from './survivors-error.ts';

export interface RunOptions {
  /** Absolute path of the program. */
  readonly file: string;
  readonly args?: readonly string[];
  /** The whole environment: nothing is inherited. `RUN_MARKER` in it marks what has to be gone after a failure. */
  readonly env: Readonly<Record<string, string>>;
  /** Until it is loaded, which takes a while only when its file system does not answer. */
  readonly startWithinMs?: number;
  /** From start to exit. */
  readonly timeoutMs: number;
  /** Between SIGTERM and SIGKILL. */
  readonly killAfterMs?: number;
  /** From SIGKILL until a process counts as one that cannot be killed. */
  readonly giveUpAfterMs?: number;
  /** From the exit until the output counts as complete though somebody still holds the pipe. */
  readonly graceMs?: number;
  /** Replaced by asterisks in the output. */
  readonly secret?: Secret;
  /** Characters of output to keep, from its head and its tail. */
  readonly outputLimit?: number;
  /** Ends the process like the deadline does. */
  readonly stop?: AbortSignal;
  /**
   * Told of the process group as soon as we know it, while it is certain to exist. The program runs by then: whoever dies before is to
   * look for the marker. When this throws, the run is ended.
   */
  readonly onStart?: (group: ProcessGroup) => void;
}

export interface ProcessEnd {
  /** As in Python: the negative number of the signal when one ended it. */
  readonly exitStatus: number;
  /** Standard output and error in the order in which they were written, masked, then bounded. */
  readonly output: string;
  readonly end: 'exited' | 'timed out' | 'stopped';
}

/**
 * Runs a program in a session and process group of its own, in `/`, without standard input. The end is its exit plus a short grace
 * for output, also when a child of it still holds the pipe. What is left of the group then is killed. After success, what has
 * left the group lives on; after anything else, nothing that carries the run's marker does.
 * @throws ProcessStartError when it cannot be started; InterruptedError when `stop` was aborted before;
 * SurvivorsError when processes of a run that did not succeed cannot be killed. Never later than the sum of the times given.
 */
export type RunProcess = (options: RunOptions) => Promise<ProcessEnd>;

/** Runs programs that `starter` starts. */
export function createRunner(starter: Starter): RunProcess {
  const shared = { looks: new ProcessLooks(), leftovers: new Leftovers() };
  return async (options) => {
    const child = await startInTime(starter, options);
    try {
      return await runToEnd(child, options, shared);
    } finally {
      child.reap();
    }
  };
}

interface Shared {
  readonly looks: ProcessLooks;
  readonly leftovers: Leftovers;
}

/** The start itself can hang: on the file system of the program, say. */
async function startInTime(starter: Starter, options: RunOptions): Promise<StartedProcess> {
  const { file, args = [], env, startWithinMs = 30_000, stop } = options;
  if (stop?.aborted === true) throw new InterruptedError(`${file} was not started: the worker is stopping`);
  const finished = new AbortController();
  const starting = starter.start(file, args, env, finished.signal);
  try {
    const first = await Promise.race([
      starting,
      wait(startWithinMs, finished.signal).then(() => 'late' as const),
      aborted(stop, finished.signal).then(() => 'stopped' as const),
    ]);
    if (typeof first === 'object') return first;
    // One that waits for its turn is not started any more; one that is being loaded is ended as soon as it can be.
    starting.then(discard, () => undefined);
    if (first === 'stopped') {
      throw new InterruptedError(`${file} was still being started: the worker is stopping`);
    }
    const late = `not loaded within ${startWithinMs / 1000} s; see whether the file system that it is on answers`;
    throw new ProcessStartError(file, new Error(late));
  } finally {
    finished.abort();
  }
}

function discard(child: StartedProcess): void {
  child.signal('SIGKILL');
  child.close();
  child.reap();
}

async function runToEnd(child: StartedProcess, options: RunOptions, shared: Shared): Promise<ProcessEnd> {
  const { timeoutMs, graceMs = 500, secret = new Secret(''), stop, outputLimit = 2000 } = options;
  const output = collectOutput(child, { secret, limit: outputLimit });
  const group = groupLedBy(child.pid);
  const run = { group, marker: options.env[RUN_MARKER], isOurChild: true };
  const finished = new AbortController();
  try {
    options.onStart?.(group);
    const end = await Promise.race([
      child.exited.then(() => 'exited' as const),
      wait(timeoutMs, finished.signal).then(() => 'timed out' as const),
      aborted(stop, finished.signal).then(() => 'stopped' as const),
    ]);
    if (end !== 'exited') await endRun(child, run, options, shared);
    const exitStatus = await child.exited;
    const complete = await closedWithin(graceMs, output, finished.signal);
    child.signal('SIGKILL');
    const succeeded = end === 'exited' && exitStatus === 0;
    if (!succeeded) {
      const pipe = complete ? undefined : child.pipe;
      await endRun(child, { ...run, pipe }, { ...options, killAfterMs: 0 }, shared);
    }
    const text = output.finish({ cutShort: end !== 'exited' || !complete });
    if (succeeded && !complete) shared.leftovers.keep(child);
    else child.close();
    return { exitStatus, output: text, end };
  } catch (error) {
    output.finish({ cutShort: true });
    child.close();
    // The first error says more than that of a second try to end it.
    if (!(error instanceof SurvivorsError)) {
      await endRun(child, run, { ...options, killAfterMs: 0 }, shared).catch(() => undefined);
    }
    throw error;
  } finally {
    finished.abort();
  }
}

/** Whether nobody holds the pipe any more. */
async function closedWithin(ms: number, output: CollectedOutput, signal: AbortSignal): Promise<boolean> {
  output.hurry();
  return Promise.race([output.closed.then(() => true), wait(ms, signal).then(() => false)]);
}

function aborted(signal: AbortSignal | undefined, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true, signal: until });
  });
}

/**
 * Ends all of the run, also what has left its group: see `endGroups`. All are given until `killAfterMs` to end in order, not only the
 * leader.
 * @throws SurvivorsError when that cannot be done.
 */
async function endRun(
  child: StartedProcess,
  run: FormerRun & { readonly group: ProcessGroup },
  { killAfterMs = 1000, giveUpAfterMs = GIVE_UP_MS }: RunOptions,
  { looks }: Shared,
): Promise<void> {
  const signalGroup = (signal: NodeJS.Signals): void => void child.signal(signal);
  await endGroups([run], { killAfterMs, giveUpAfterMs, looks, signalGroup });
  // A leader whose first thread is gone looks dead, and is not while others run.
  child.signal('SIGKILL');
  const finished = new AbortController();
  const isOver = await Promise.race([
    child.exited.then(() => true),
    wait(giveUpAfterMs, finished.signal).then(() => false),
  ]);
  finished.abort();
  if (!isOver) throw new SurvivorsError([{ pid: child.pid, startTicks: run.group.startTicks }]);
}
