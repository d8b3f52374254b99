import { randomUUID } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Longer than any work takes: for the work of other hosts, and for process numbers that belong to somebody else by now. */
const FORGOTTEN_MS = 86_400_000;

/** What begins the names of this host's work: several may share a TFTP tree. */
const HOST = `${hostname()}:`;
/** What begins the names of this process's work: in a container, the next one has the same number. */
const OWN = `${HOST}${process.pid}:${randomUUID().slice(0, 8)}:`;

const OWN_NAME = /^[^:/]+:\d+:/;

let nth = 0;

/** A name in a directory for unfinished work that says whose it is; no other is the same. */
export function ownName(): string {
  nth += 1;
  return `${OWN}${nth}`;
}

/** Removes from `dir` the unfinished work of processes that are gone; `nameIn` gives the part of a name that `ownName` made. */
export function removeLeftBehind(dir: string, nameIn = (name: string): string => name): void {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name);
    const own = nameIn(name);
    // What is not named as ours stays, however old.
    if (!OWN_NAME.test(own)) continue;
    if (isOfNobody(own) || isForgotten(path)) rmSync(path, { recursive: true, force: true });
  }
}

function isOfNobody(name: string): boolean {
  if (!name.startsWith(HOST) || name.startsWith(OWN)) return false;
  const pid = parseInt(name.slice(HOST.length), 10);
  return pid === process.pid || !existsSync(`/proc/${pid}`);
}

function isForgotten(path: string): boolean {
  const changedAt = lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - changedAt > FORGOTTEN_MS;
}
