import { InterruptedError } from '../errors.ts';
import { bootId } from '../steady-clock.ts';
import { wait } from '../wait.ts';
import { readStat } from './proc-table.ts';
import { ProcessLooks } from './process-looks.ts';
import type { SeenProcess } from './process-looks.ts';
import { kill } from './process-group.ts';
import type { ProcessGroup } from './process-group.ts';
import { SurvivorsError } from './survivors-error.ts';

/** The variable that marks the processes of a run; children inherit it, also those that leave the group. */
export const RUN_MARKER = 'BEAKER_PROVISION_RUN';

/** A run that may have left something behind. */
export interface FormerRun {
  /** Undefined when an earlier process of ours died before it could record the group. */
  readonly group: ProcessGroup | undefined;
  /** The value of `RUN_MARKER` in the run's environment; undefined when it had none. */
  readonly marker: string | undefined;
  /**
   * Whether this process has started the group and lets go of its leader only now: then the group's number is certainly not another's,
   * though the leader is dead.
   */
  readonly isOurChild?: boolean;
  /** The name that Linux has for the pipe of the run's outputs; a process that has this pipe open belongs to the run. */
  readonly pipe?: string | undefined;
}

export interface EndOptions {
  /** Between SIGTERM and SIGKILL; 0 for SIGKILL at once. */
  readonly killAfterMs?: number;
  /** From SIGKILL until it is given up. */
  readonly giveUpAfterMs?: number;
  /** To be shared by all who end runs in this process. */
  readonly looks?: ProcessLooks;
  /** Sends a signal to the whole group at once, besides: what multiplies faster than it is looked at ends by this only. */
  readonly signalGroup?: (signal: NodeJS.Signals) => void;
  readonly signal?: AbortSignal;
}

/** `endGroups` for one run. */
export async function endGroup(
  group: ProcessGroup | undefined,
  marker: string,
  options: EndOptions = {},
): Promise<void> {
  await endGroups([{ group, marker }], options);
}

/**
 * Resolves when no process of these runs is left: neither a member of a recorded group or its session, if that is still the same, nor
 * any process that carries one of the markers, nor a descendant of any of these. One look at the process table serves all of them.
 * @throws SurvivorsError when even SIGKILL did not end all; InterruptedError when `signal` is aborted.
 */
export async function endGroups(runs: readonly FormerRun[], options: EndOptions = {}): Promise<void> {
  const { killAfterMs = 1000, giveUpAfterMs = GIVE_UP_MS, looks = new ProcessLooks(), signal } = options;
  let start: number | undefined;
  const askedToEnd = new Set<number>();
  let known: readonly SeenProcess[] = [];
  for (let pauseMs = 10; ; pauseMs = Math.min(2 * pauseMs, 200)) {
    // The first look comes before the first signal: once a process has ended, its children are not known as its children any more.
    const survivors = processesOf(runs, known, await looks.take());
    known = survivors;
    if (survivors.length === 0) return;
    // The first look may have had to wait for its turn: all are given their time nevertheless.
    start ??= performance.now();
    const elapsedMs = performance.now() - start;
    if (elapsedMs > killAfterMs + giveUpAfterMs) throw new SurvivorsError(survivors);
    const isLate = elapsedMs >= killAfterMs;
    if (isLate) options.signalGroup?.('SIGKILL');
    for (const { pid } of survivors) {
      if (isLate) kill(pid, 'SIGKILL');
      else if (!askedToEnd.has(pid)) kill(pid, 'SIGTERM');
      askedToEnd.add(pid);
    }
    const untilKillMs = elapsedMs < killAfterMs ? killAfterMs - elapsedMs : pauseMs;
    if (!(await wait(Math.min(pauseMs, untilKillMs), signal))) {
      const pids = survivors.map(({ pid }) => pid);
      throw new InterruptedError(`stopped while the processes ${pids.join(', ')} of a run were ending`);
    }
  }
}

/** From SIGKILL until a process counts as one that cannot be killed. */
export const GIVE_UP_MS = 5000;

/** `known` are those of the last look. */
function processesOf(
  runs: readonly FormerRun[],
  known: readonly SeenProcess[],
  seen: readonly SeenProcess[],
): readonly SeenProcess[] {
  const sessions = new Set(runs.filter(isSameSession).map(({ group }) => group?.pgid));
  const markers = new Set(runs.map(({ marker }) => marker).filter((marker) => marker !== undefined));
  const pipes = runs.map(({ pipe }) => pipe).filter((pipe) => pipe !== undefined);
  const knownStarts = new Map(known.map(({ pid, startTicks }) => [pid, startTicks]));
  const firstStart = firstStartOf(runs);
  // What is older than all the runs is no child of theirs.
  const candidates = seen.filter(({ startTicks }) => startTicks >= firstStart);
  const found = candidates.filter((one) => {
    const { pid, session, startTicks } = one;
    if (sessions.has(session) || knownStarts.get(pid) === startTicks) return true;
    const marker = markers.size === 0 ? undefined : one.variable(RUN_MARKER);
    if (marker !== undefined && markers.has(marker)) return true;
    // A child of ours that is just being started has our own descriptors for a moment.
    return one.parent !== process.pid && pipes.some((pipe) => one.hasOpen(pipe));
  });
  return withDescendants(found, candidates);
}

function firstStartOf(runs: readonly FormerRun[]): number {
  const thisBoot = bootId();
  return Math.min(...runs.map(({ group }) => (group?.bootId === thisBoot ? group.startTicks : 0)));
}

/** An environment can be emptied (`env -i`, `su -`, `sudo`), or written over by its owner, and a session left; who the parent is cannot be changed. */
function withDescendants(
  found: readonly SeenProcess[],
  candidates: readonly SeenProcess[],
): readonly SeenProcess[] {
  const childrenOf = new Map<number, SeenProcess[]>();
  for (const child of candidates) {
    const siblings = childrenOf.get(child.parent);
    if (siblings === undefined) childrenOf.set(child.parent, [child]);
    else siblings.push(child);
  }
  const all = new Set(found);
  // A set goes on to what is added to it meanwhile.
  for (const { pid } of all) for (const child of childrenOf.get(pid) ?? []) all.add(child);
  return [...all];
}

/**
 * The kernel gives a number to no new process while a session has it, but does so later: the leader has to be there to prove that the
 * session is still the same, or to be our child.
 */
function isSameSession({ group, isOurChild = false }: FormerRun): boolean {
  if (group?.bootId !== bootId()) return false;
  const leader = readStat(group.pgid);
  return leader === undefined ? isOurChild : leader.startTicks === group.startTicks;
}
