import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Longer than any work takes, for a process number that belongs to somebody else by now. */
const FORGOTTEN_MS = 86_400_000;

let nth = 0;

/** A name in a directory for unfinished work that says whose it is; no other is the same. */
export function ownName(): string {
  nth += 1;
  return `${process.pid}.${nth}`;
}

/** Removes from `dir` the unfinished work, named by `ownName` after `prefix`, of processes that are gone. */
export function removeLeftBehind(dir: string, prefix = ''): void {
  for (const name of readdirSync(dir)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(dir, name);
    const isOwned = existsSync(`/proc/${parseInt(name.slice(prefix.length), 10)}`);
    const changedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (!isOwned || Date.now() - changedAt > FORGOTTEN_MS) rmSync(path, { recursive: true, force: true });
  }
}
