import { errorCode } from '../errors.ts';
import { bootId } from '../steady-clock.ts';
import { readStat } from './proc-table.ts';

/** A process group, named so that another one with the same number, later or after a reboot, is not mistaken for it. */
export interface ProcessGroup {
  readonly pgid: number;
  readonly bootId: string;
  /** When its leader started, in clock ticks after boot; 0 when the leader was dead before it could be looked at. */
  readonly startTicks: number;
}

/** The group that the child process `pid`, started just now, leads. */
export function groupLedBy(pid: number): ProcessGroup {
  return { pgid: pid, bootId: bootId(), startTicks: readStat(pid)?.startTicks ?? 0 };
}

/** Signals every process of the group. False when there was none left, or none that we may signal. */
export function killGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  return kill(-pgid, signal);
}

/** Signals one process (or with a negative number a group), which may be gone already: then false. */
export function kill(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}
