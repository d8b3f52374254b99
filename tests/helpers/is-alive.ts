import { readStat } from '../../src/process/proc-table.ts';

/** Whether the process runs: a zombie does not. */
export function isAlive(pid: number): boolean {
  return readStat(pid) !== undefined;
}
