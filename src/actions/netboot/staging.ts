import { mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '../../errors.ts';
import { ownName, removeIfPossible, removeLeftBehind } from './left-behind.ts';
import { makeDirectories } from '../../make-directories.ts';
import { makeOwnDirectory, OWN_DIRECTORY } from './make-directories.ts';

/**
 * Makes an empty directory below `root` for one change of the tree, and removes what processes that are gone left behind of such.
 * Nothing that a TFTP server should hand out: only we may look into it.
 */
export function makeStaging(root: string): string {
  const parent = join(root, OWN_DIRECTORY, 'staging');
  makeDirectories(root, 0o755);
  makeOwnDirectory(parent);
  // Earlier versions put a system's name before it, and a tilde.
  removeLeftBehind(parent, (name) => name.slice(name.indexOf('~') + 1));
  const staging = join(parent, ownName());
  mkdirSync(staging, { mode: 0o700 });
  return staging;
}

/**
 * The directories in which one change of the tree prepares its files and keeps what it takes away. A file gets its name by a change of name, which
 * does not reach another mount: so each part of the tree that is one gets a directory of its own, once something is to change there.
 */
export class Staging {
  readonly #root: string;
  readonly #main: string;
  /** By the directory of the tree that they serve. */
  readonly #known = new Map<string, string>();
  readonly #made: string[];

  /** @throws as `node:fs` when nothing can be written below the root */
  constructor(root: string) {
    this.#root = root;
    this.#main = makeStaging(root);
    this.#made = [this.#main];
  }

  /** The directory from which a file can be renamed to `path`, which is relative to the root. */
  for(path: string): string {
    let staging = this.#main;
    let dir = this.#root;
    for (const name of dirname(path).split('/')) {
      dir = join(dir, name);
      const known = this.#known.get(dir);
      // What is missing will be made where the directory above it is.
      if (known === undefined && !isDirectory(dir)) break;
      if (known !== undefined) staging = known;
      else if (isApart(staging, dir)) staging = this.#make(dir);
      this.#known.set(dir, staging);
    }
    return staging;
  }

  /** Removes the directories with all that is in them. What cannot be removed is removed later, as what processes left that are gone. */
  close(): void {
    for (const dir of this.#made) removeIfPossible(dir);
  }

  #make(dir: string): string {
    const staging = makeStaging(dir);
    this.#made.push(staging);
    return staging;
  }
}

/**
 * Whether `dir` is on another mount than `staging`. The device does not tell: a part of a file system may be mounted again inside of it. So the kernel is
 * asked for what it refuses in any case, a change of name to `.`, and says EXDEV before it says EBUSY.
 */
function isApart(staging: string, dir: string): boolean {
  try {
    renameSync(`${staging}/.probe`, `${dir}/.`);
    return false;
  } catch (error) {
    return errorCode(error) === 'EXDEV';
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
