import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../../errors.ts';

/** Whether anything is at `path` below `root`, if only a link that leads nowhere. */
export function isThere(root: string, path: string): boolean {
  return whatIsAt(join(root, path)) !== undefined;
}

/** Whether what a worker remembers to have written is there still, all of it: else another has changed it since, if anything was written. */
export function isUpToDate(root: string, remembered: readonly string[]): boolean {
  return remembered.length > 0 && remembered.every((path) => isThere(root, path));
}

/** What is at `path`, the link itself if it is one; undefined when nothing is, or can be. */
export function whatIsAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (CANNOT_BE.has(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** What is no directory stands on the way, or a link to itself; or a name is longer than the file system allows. */
const CANNOT_BE = new Set(['ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);
