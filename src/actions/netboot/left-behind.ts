import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** Longer than any work takes: for the work of other hosts, and for process numbers that belong to somebody else by now. */
const FORGOTTEN_MS = 86_400_000;

/** What begins the names of this host's work: several may share a TFTP tree. */
const HOST = `${hostname()}:`;

let nth = 0;

/** A name in a directory for unfinished work that says whose it is; no other is the same. */
export function ownName(): string {
  nth += 1;
  return `${HOST}${process.pid}:${nth}`;
}

/** Removes from `dir` the unfinished work, named by `ownName` after `prefix`, of processes that are gone. */
export function removeLeftBehind(dir: string, prefix = ''): void {
  for (const name of readdirSync(dir)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dir, name);
    if (isOfNobody(name.slice(prefix.length)) || isForgotten(path)) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

function isOfNobody(name: string): boolean {
  return name.startsWith(HOST) && !existsSync(`/proc/${parseInt(name.slice(HOST.length), 10)}`);
}

function isForgotten(path: string): boolean {
  const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - changedAt > FORGOTTEN_MS;
}
