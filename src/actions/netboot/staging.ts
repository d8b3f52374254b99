import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ownName, removeLeftBehind } from './left-behind.ts';
import { makeDirectories } from './make-directories.ts';

/** What the worker keeps for itself below TFTP_ROOT: on the same file system, so that a file gets to its place by a change of name. */
export const OWN_DIRECTORY = '.beaker-provision';

/**
 * Makes an empty directory for one change of the system's files, and removes what processes that are gone left behind of such.
 * Nothing that a TFTP server should hand out: only we may look into it.
 */
export function makeStaging(root: string, fqdn: string): string {
  const parent = join(root, OWN_DIRECTORY, 'staging');
  makeDirectories(root, 0o755);
  makeDirectories(parent, 0o700);
  // No host name has a tilde in it.
  removeLeftBehind(parent, (name) => name.slice(name.indexOf('~') + 1));
  const staging = join(parent, `${fqdn.toLowerCase()}~${ownName()}`);
  mkdirSync(staging, { mode: 0o700 });
  return staging;
}
