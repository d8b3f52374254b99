import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../errors.ts';

/** The files and links at and below `path`, as paths below `root`. What a link leads to is somebody else's, and is not among them. */
export function filesAt(root: string, path: string): readonly string[] {
  if (whatIsAt(root, path)?.isDirectory() !== true) return [path];
  return readdirSync(join(root, path)).flatMap((name) => filesAt(root, `${path}/${name}`));
}

/** Whether anything is at `path` below `root`, if only a link that leads nowhere. */
export function isThere(root: string, path: string): boolean {
  return whatIsAt(root, path) !== undefined;
}

function whatIsAt(root: string, path: string): Stats | undefined {
  try {
    return lstatSync(join(root, path), { throwIfNoEntry: false });
  } catch (error) {
    // Something on the way there is no directory.
    if (errorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}
