import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandFailedError, describeError, errorCode } from '../../errors.ts';
import { kindOf } from '../../regular-file.ts';
import { cannotLink } from './link-or-copy.ts';
import { whatIsAt } from './tree-files.ts';
import { trustedWay } from './trusted-way.ts';

/** A change of the TFTP tree of which everything is prepared where its place can be reached by a change of name. */
export interface PreparedChange {
  readonly root: string;
  /** A directory for what is taken away from `path`, until all is done: where a change of name reaches from there. */
  readonly atticFor: (path: string) => string;
  /** Made unless something is there already. */
  readonly additions: readonly Placement[];
  /** Taken away, in this order, before anything is replaced; what is not there is no matter. Files and links. */
  readonly removals: readonly string[];
  /** Put in the place of whatever is there, in this order. */
  readonly replacements: readonly Placement[];
  /** Taken away when all else is done. */
  readonly lastRemovals: readonly string[];
  /** Directories to be taken away in the end, in this order, if nothing is in them. */
  readonly directories: readonly string[];
}

/** A file or link that waits at `staged`, and its place below the root. */
export interface Placement {
  readonly path: string;
  readonly staged: string;
}

/** The calls that change something. */
export type ChangingCalls = Pick<
  typeof fs,
  'chmodSync' | 'linkSync' | 'mkdirSync' | 'renameSync' | 'rmdirSync' | 'unlinkSync'
>;

/**
 * Makes the change, or none of it: when a step fails those before it are undone.
 *
 * Synchronous, so that no other change of this process comes between two steps, and a kill has few of them to fall on.
 * @throws CommandFailedError naming the path that could not be changed, and why
 */
export function commitChange(change: PreparedChange, calls: ChangingCalls = fs): void {
  const commit = new Commit(change, calls);
  try {
    for (const addition of change.additions) commit.add(addition);
    for (const path of change.removals) commit.takeAway(path);
    for (const replacement of change.replacements) commit.replace(replacement);
    for (const path of change.lastRemovals) commit.takeAway(path);
    for (const path of change.directories) commit.removeIfEmpty(path);
  } catch (error) {
    commit.undo();
    throw new CommandFailedError(`cannot change ${commit.lastPath}: ${describeError(error)}`, {
      systemBroken: false,
      cause: error,
    });
  }
}

const PARENT_TRIES = 10;

class Commit {
  readonly #change: PreparedChange;
  readonly #calls: ChangingCalls;
  readonly #undo: (() => void)[] = [];
  lastPath: string;

  constructor(change: PreparedChange, calls: ChangingCalls) {
    this.#change = change;
    this.#calls = calls;
    this.lastPath = change.root;
  }

  add({ path, staged }: Placement): void {
    const place = this.#placeOf(path);
    if (whatIsAt(place) !== undefined) return;
    try {
      // Not renamed: that would replace what another process has put there in the meantime.
      this.#inParent(place, () => this.#calls.linkSync(staged, place));
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return;
      if (!cannotLink(error)) throw error;
      this.#calls.renameSync(staged, place);
    }
    this.#undo.push(() => this.#calls.unlinkSync(place));
  }

  takeAway(path: string): void {
    const place = this.#placeOf(path);
    const former = whatIsAt(place);
    if (former === undefined) return;
    refuseDirectory(former);
    const kept = this.#attic(path);
    try {
      this.#calls.renameSync(place, kept);
    } catch (error) {
      // Another process was faster.
      if (errorCode(error) === 'ENOENT') return;
      throw error;
    }
    this.#undo.push(() => this.#calls.renameSync(kept, place));
    // Perhaps it has become one; what is kept is deleted in the end, with all that is in it.
    refuseDirectory(fs.lstatSync(kept));
  }

  replace({ path, staged }: Placement): void {
    const place = this.#placeOf(path);
    const kept = this.#keep(path, place);
    if (kept !== undefined) this.#undo.push(() => this.#calls.renameSync(kept, place));
    this.#inParent(place, () => this.#calls.renameSync(staged, place));
    if (kept === undefined) this.#undo.push(() => this.#calls.unlinkSync(place));
  }

  /** Where what is there is kept until all is done; undefined when nothing is. By a second name where the file system has such: then the place is never empty. */
  #keep(path: string, place: string): string | undefined {
    const former = whatIsAt(place);
    if (former === undefined) return undefined;
    refuseDirectory(former);
    const kept = this.#attic(path);
    try {
      this.#keepAt(place, kept);
      return kept;
    } catch (error) {
      // Another process has just taken it away.
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #keepAt(place: string, kept: string): void {
    try {
      this.#calls.linkSync(place, kept);
    } catch (error) {
      if (!cannotLink(error)) throw error;
      this.#calls.renameSync(place, kept);
    }
  }

  removeIfEmpty(path: string): void {
    try {
      this.#calls.rmdirSync(this.#placeOf(path));
    } catch {
      // It is not there, an admin keeps something in it, it is a mount, or behind a link that is not followed.
    }
  }

  /** Undoes everything, the last first; what cannot be undone does not keep the rest from it. */
  undo(): void {
    for (const step of this.#undo.reverse()) {
      try {
        step();
      } catch {
        // The error that made us undo is the one that is told.
      }
    }
  }

  /** @throws UntrustedLinkError when others may have made a link of a directory on the way */
  #placeOf(path: string): string {
    const { root } = this.#change;
    this.lastPath = join(root, path);
    trustedWay(root, dirname(path));
    return this.lastPath;
  }

  #attic(path: string): string {
    return join(this.#change.atticFor(path), `old-${this.#undo.length}`);
  }

  /** Takes a step that needs the directory of the place. Another process that clears the system may take that away meanwhile, so it is made again. */
  #inParent(place: string, step: () => void): void {
    for (let triesLeft = PARENT_TRIES; ;) {
      try {
        this.#makeParent(place);
        return step();
      } catch (error) {
        triesLeft -= 1;
        if (errorCode(error) !== 'ENOENT' || triesLeft === 0) throw error;
      }
    }
  }

  #makeParent(place: string): void {
    const first = this.#calls.mkdirSync(dirname(place), { recursive: true });
    if (first === undefined) return;
    this.#undo.push(() => this.#removeMade(dirname(place), first));
    for (let made = dirname(place); made.length >= first.length; made = dirname(made)) {
      // Whatever the umask: a TFTP server is somebody else.
      this.#calls.chmodSync(made, 0o755);
    }
  }

  #removeMade(last: string, first: string): void {
    for (let made = last; made.length >= first.length; made = dirname(made)) this.#calls.rmdirSync(made);
  }
}

function refuseDirectory(found: fs.Stats): void {
  if (found.isDirectory()) throw new Error(`expected a file, a link or nothing, found ${kindOf(found)}`);
}
