import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../errors.ts';

/** The files and links at and below `path`, as paths below `root`; none when nothing is there. */
export function filesAt(root: string, path: string): readonly string[] {
  try {
    const entries = readdirSync(join(root, path), { recursive: true, withFileTypes: true, encoding: 'utf8' });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length));
  } catch {
    // No directory: it is itself what is meant, if anything is.
    return [path];
  }
}

/** Whether anything is at `path` below `root`, if only a link that leads nowhere. */
export function isThere(root: string, path: string): boolean {
  try {
    return lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // Something on the way there is no directory.
    if (errorCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}
