import { InterruptedError } from '../errors.ts';
import { wait } from '../wait.ts';
import { bootId, environmentOf, listProcesses, readStat } from './proc-table.ts';
import type { ProcStat } from './proc-table.ts';
import { kill } from './process-group.ts';
import type { ProcessGroup } from './process-group.ts';

/** The variable that marks the processes of a run; children inherit it, also those that leave the group. */
export const RUN_MARKER = 'BEAKER_PROVISION_RUN';

/** A run of which an earlier process of ours, now dead, may have left something behind. */
export interface FormerRun {
  /** Undefined when the earlier process died before it could record the group. */
  readonly group: ProcessGroup | undefined;
  /** The value of `RUN_MARKER` in the run's environment. */
  readonly marker: string;
}

export interface EndOptions {
  /** Between SIGTERM and SIGKILL. */
  readonly killAfterMs?: number;
  /** From SIGKILL until it is given up. */
  readonly giveUpAfterMs?: number;
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
 * @throws Error naming the processes that even SIGKILL did not end; InterruptedError when `signal` is aborted.
 */
export async function endGroups(
  runs: readonly FormerRun[],
  { killAfterMs = 1000, giveUpAfterMs = 5000, signal }: EndOptions = {},
): Promise<void> {
  const start = performance.now();
  const askedToEnd = new Set<number>();
  for (let pauseMs = 10; ; pauseMs = Math.min(2 * pauseMs, 200)) {
    const survivors = processesOf(runs);
    if (survivors.length === 0) return;
    const elapsedMs = performance.now() - start;
    if (elapsedMs > killAfterMs + giveUpAfterMs) throw new Error(stillThere(survivors));
    for (const pid of survivors) {
      if (elapsedMs >= killAfterMs) kill(pid, 'SIGKILL');
      else if (!askedToEnd.has(pid)) kill(pid, 'SIGTERM');
      askedToEnd.add(pid);
    }
    const untilKillMs = elapsedMs < killAfterMs ? killAfterMs - elapsedMs : pauseMs;
    if (!(await wait(Math.min(pauseMs, untilKillMs), signal))) {
      throw new InterruptedError(
        `stopped while the processes ${survivors.join(', ')} of a former run were ending`,
      );
    }
  }
}

function processesOf(runs: readonly FormerRun[]): number[] {
  const groups = new Set(runs.filter(({ group }) => isSameGroup(group)).map(({ group }) => group?.pgid));
  const markers = new Set(runs.map(({ marker }) => marker));
  const belongs = ({ pid, pgid, session }: ProcStat): boolean => {
    // Our groups are sessions too; a shell's job that got the number later is not.
    if (groups.has(pgid) && session === pgid) return true;
    const marker = environmentOf(pid).get(RUN_MARKER);
    return marker !== undefined && markers.has(marker);
  };
  return listProcesses()
    .filter((stat) => stat.pid !== process.pid && belongs(stat))
    .map(({ pid }) => pid);
}

/** The kernel gives a number to no new process while a group has it: a living leader that started at another time proves the group dead. */
function isSameGroup(group: ProcessGroup | undefined): boolean {
  if (group?.bootId !== bootId()) return false;
  const leader = readStat(group.pgid);
  return leader === undefined || leader.startTicks === group.startTicks;
}

function stillThere(pids: readonly number[]): string {
  return (
    `processes of a former run do not end: expected SIGKILL to end ${pids.join(', ')}, ` +
    'found them alive; see with ps what they wait for, and end them before the worker is started again'
  );
}
