import { type ProcStat, readStat } from './proc-table.ts';

/** A process, named so that another one that gets its number is not mistaken for it. */
export type Survivor = Pick<ProcStat, 'pid' | 'startTicks'>;

/** Processes of a run that even SIGKILL did not end: another user's, or in a call to the kernel that does not return. */
export class SurvivorsError extends Error {
  override readonly name = 'SurvivorsError';
  readonly survivors: readonly Survivor[];

  constructor(survivors: readonly Survivor[]) {
    const pids = survivors.map(({ pid }) => pid);
    super(
      `processes do not end: expected SIGKILL to end ${pids.join(', ')}, found them alive; ` +
        `see whose they are and what they wait for (ps -o pid,user,stat,wchan,args -p ${pids.join(',')}), and end them`,
    );
    this.survivors = survivors;
  }
}

/** Whether one of them is still there. */
export function areAlive(survivors: readonly Survivor[]): boolean {
  return survivors.some(({ pid, startTicks }) => readStat(pid)?.startTicks === startTicks);
}
