import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { steadyNow } from '../../steady-clock.ts';

/** Longer than any work takes: for the work of other hosts, and for process numbers that belong to somebody else by now. */
const FORGOTTEN_MS = 86_400_000;

/** What begins the names of this host's work: several may share a TFTP tree. */
const HOST = `${hostname()}:`;
/** The kernel's name for what counts the processes here: containers may share a host name, and each has a process 1. */
const COUNTING = countingOfProcesses();
/** What begins the names of this process's work: in a container, the next one has the same number. */
const OWN = `${HOST}${process.pid}:${COUNTING}-${randomUUID().slice(0, 8)}:`;

const OWN_NAME = /^[^:/]+:\d+:/;

let nth = 0;

/** A name in a directory for unfinished work that says whose it is; no other is the same. */
export function ownName(): string {
  nth += 1;
  return `${OWN}${nth}`;
}

/** What this process has seen of the work of others, by directory and name: how old that is, a clock that was set does not tell. */
const seen = new Map<string, ReadonlyMap<string, Seen>>();

interface Seen {
  readonly changedAt: number;
  /** When it was first seen so, on the steady clock. */
  readonly sinceMs: number;
}

/**
 * Removes from `dir` the unfinished work of processes that are gone; `nameIn` gives the part of a name that `ownName` made. Where it
 * cannot tell, it removes what has not changed for a day under its eyes.
 */
export function removeLeftBehind(
  dir: string,
  nameIn = (name: string): string => name,
  now: () => number = steadyNow,
): void {
  const before = seen.get(dir);
  const after = new Map<string, Seen>();
  seen.set(dir, after);
  const isForgotten = (name: string): boolean => {
    const changedAt = lstatSync(join(dir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0;
    const known = before?.get(name);
    const { sinceMs } = known?.changedAt === changedAt ? known : { sinceMs: now() };
    after.set(name, { changedAt, sinceMs });
    return now() - sinceMs > FORGOTTEN_MS;
  };
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    const own = nameIn(name);
    // What is not named as ours stays, however old.
    if (!OWN_NAME.test(own)) continue;
    if (isOfNobody(own) || isForgotten(name)) removeIfPossible(path);
  }
}

/** What cannot be removed, such as what NFS keeps for a file that is still open, is no reason not to work beside it: the next time tries again. */
export function removeIfPossible(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    // It stays.
  }
}

function countingOfProcesses(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch {
    return '';
  }
}

function isOfNobody(name: string): boolean {
  if (!name.startsWith(HOST) || name.startsWith(OWN)) return false;
  // Earlier versions did not say which counting the number is of.
  const counting = /^[^:]*:\d+:(\d*)-/.exec(name)?.[1];
  if (counting !== undefined && counting !== COUNTING) return false;
  const pid = parseInt(name.slice(HOST.length), 10);
  return pid === process.pid || !existsSync(`/proc/${pid}`);
}
