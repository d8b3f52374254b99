import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What Linux tells of a process, as in proc_pid_stat(5). */
export interface ProcStat {
  readonly pid: number;
  /** That of another process, mostly 1, once the parent is dead. */
  readonly parent: number;
  readonly pgid: number;
  readonly session: number;
  /** When it started, in clock ticks after boot: with the boot's id and the pid, this names a process for good. */
  readonly startTicks: number;
}

/** The process `pid`; undefined when there is none, or only its remains (a zombie). */
export function readStat(pid: number): ProcStat | undefined {
  const text = readProc(`${pid}/stat`);
  if (text === undefined) return undefined;
  // The second field, the name, may hold blanks and parentheses.
  const [state = '', parent, pgid, session, ...rest] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if ('ZXx'.includes(state)) return undefined;
  return {
    pid,
    parent: Number(parent),
    pgid: Number(pgid),
    session: Number(session),
    startTicks: Number(rest[15]),
  };
}

/** All processes that this one may see. Reads a file for each, at once: see `ProcessLooks`. */
export function listProcesses(): ProcStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined);
}

/** The environment that `pid` was started with; empty when it is gone or somebody else's. */
export function environmentOf(pid: number): ReadonlyMap<string, string> {
  const assignments = readProc(`${pid}/environ`)?.split('\0') ?? [];
  return new Map(
    assignments
      .map((text) => [text, text.indexOf('=')] as const)
      .filter(([, equals]) => equals > 0)
      .map(([text, equals]) => [text.slice(0, equals), text.slice(equals + 1)]),
  );
}

/** What `pid` has open, each by the name that Linux has for it, such as `pipe:[4711]`; empty when it is gone or another user's. */
export function openFilesOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => nameOfOpenFile(pid, Number(fd)) ?? '');
  } catch {
    return [];
  }
}

/** The name that Linux has for what `pid` has open as `fd`; undefined when that is not to be seen. */
export function nameOfOpenFile(pid: number | 'self', fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return undefined;
  }
}

function readProc(path: string): string | undefined {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    // Gone between two looks, or not ours to read.
    return undefined;
  }
}
