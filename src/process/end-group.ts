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
}

export interface EndOptions {
  /** Between SIGTERM and SIGKILL; 0 for SIGKILL at once. */
  readonly killAfterMs?: number;
  /** From SIGKILL until it is given up. */
  readonly giveUpAfterMs?: number;
  /** To be shared by all who end runs in this process. */
  readonly looks?: ProcessLooks;
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
 * Resolves when no process of these runs is left: neither a member of a recorded group, if that is still the same group,
 * nor any process that carries one of the markers. One look at the process table serves all of them.
 * @throws SurvivorsError when even SIGKILL did not end all; InterruptedError when `signal` is aborted.
 */
export async function endGroups(
  runs: readonly FormerRun[],
  { killAfterMs = 1000, giveUpAfterMs = GIVE_UP_MS, looks = new ProcessLooks(), signal }: EndOptions = {},
): Promise<void> {
  const start = performance.now();
  const askedToEnd = new Set<number>();
  for (let pauseMs = 10; ; pauseMs = Math.min(2 * pauseMs, 200)) {
    const survivors = processesOf(runs, await looks.take());
    if (survivors.length === 0) return;
    const elapsedMs = performance.now() - start;
    if (elapsedMs > killAfterMs + giveUpAfterMs) throw new SurvivorsError(survivors);
    for (const { pid } of survivors) {
      if (elapsedMs >= killAfterMs) kill(pid, 'SIGKILL');
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

function processesOf(runs: readonly FormerRun[], seen: readonly SeenProcess[]): readonly SeenProcess[] {
  const groups = new Set(runs.filter(({ group }) => isSameGroup(group)).map(({ group }) => group?.pgid));
  const markers = new Set(runs.map(({ marker }) => marker).filter((marker) => marker !== undefined));
  const thisBoot = bootId();
  const firstStart = Math.min(
    ...runs.map(({ group }) => (group?.bootId === thisBoot ? group.startTicks : 0)),
  );
  return seen.filter((process) => {
    const { pgid, session, startTicks } = process;
    // What is older than all the runs is no child of theirs.
    if (startTicks < firstStart) return false;
    // Our groups are sessions too; a shell's job that got the number later is not.
    if (groups.has(pgid) && session === pgid) return true;
    const marker = markers.size === 0 ? undefined : process.variable(RUN_MARKER);
    return marker !== undefined && markers.has(marker);
  });
}

/** The kernel gives a number to no new process while a group has it: a living leader that started at another time proves the group dead. */
function isSameGroup(group: ProcessGroup | undefined): boolean {
  if (group?.bootId !== bootId()) return false;
  const leader = readStat(group.pgid);
  return leader === undefined || leader.startTicks === group.startTicks;
}
