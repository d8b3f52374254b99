import { lstatSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { makeDirectories } from '../../make-directories.ts';
import { kindOf } from '../../regular-file.ts';

/** What the worker keeps for itself below TFTP_ROOT, and in each part of the tree that is a file system of its own. */
export const OWN_DIRECTORY = '.beaker-provision';

/**
 * Makes a directory for us alone, as deep in `OWN_DIRECTORY` as it says. Others may write where that is: were it a link, we would clean up
 * where that leads.
 * @throws Error naming what is no directory
 */
export function makeOwnDirectory(path: string): void {
  makeDirectories(path, 0o700);
  const isOwn = path.split('/').includes(OWN_DIRECTORY);
  for (let dir = path; ; dir = dirname(dir)) {
    const found = lstatSync(dir);
    if (!found.isDirectory())
      throw new Error(`${dir}: expected a directory of our own, found ${kindOf(found)}`);
    if (!isOwn || basename(dir) === OWN_DIRECTORY) return;
  }
}
