import { readFileSync } from 'node:fs';

/** Linux counts in these on every architecture that Node runs on. */
const MS_PER_TICK = 10;

/** Processor time that a process has used, in milliseconds. */
export interface CpuTime {
  /** Itself, with all its threads. */
  readonly ownMs: number;
  /** Its children that have ended and been waited for. */
  readonly childrenMs: number;
}

/** What the process has used until now; see proc_pid_stat(5). */
export function cpuTime(pid: number): CpuTime {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name, may hold blanks and parentheses; user time is the fourteenth.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  return { ownMs: (user + system) * MS_PER_TICK, childrenMs: (childUser + childSystem) * MS_PER_TICK };
}

/** Resident memory of a process in MB (10^6 bytes): now, and at its highest. */
export function residentMemory(pid: number): { nowMb: number; highestMb: number } {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string): number =>
    (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1024) / 1e6;
  return { nowMb: megabytes('VmRSS'), highestMb: megabytes('VmHWM') };
}
