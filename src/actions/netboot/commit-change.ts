import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandFailedError, describeError, errorCode } from '../../errors.ts';

/** A change of the TFTP tree of which everything is prepared on its file system, so that only names are left to change. */
export interface PreparedChange {
  readonly root: string;
  /** An empty directory for what is taken away, until all is done. */
  readonly attic: string;
  /** Made unless something is there already. */
  readonly additions: readonly Placement[];
  /** Taken away, in this order, before anything is replaced; what is not there is no matter. Files, links, and whole directories. */
  readonly removals: readonly string[];
  /** Put in the place of whatever is there, in this order. */
  readonly replacements: readonly Placement[];
  /** Taken away when all else is done. */
  readonly lastRemovals: readonly string[];
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
  } catch (error) {
    commit.undo();
    throw new CommandFailedError(`cannot change ${commit.lastPath}: ${describeError(error)}`, {
      systemBroken: false,
      cause: error,
    });
  }
}

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
    if (existsAs(place) !== undefined) return;
    this.#makeParent(place);
    try {
      // Not renamed: that would replace what somebody else has put there in the meantime.
      this.#calls.linkSync(staged, place);
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return;
      throw error;
    }
    this.#undo.push(() => this.#calls.unlinkSync(place));
  }

  takeAway(path: string): void {
    const place = this.#placeOf(path);
    if (existsAs(place) === undefined) return;
    const kept = this.#attic();
    try {
      this.#calls.renameSync(place, kept);
    } catch (error) {
      // Another process was faster.
      if (errorCode(error) === 'ENOENT') return;
      throw error;
    }
    this.#undo.push(() => this.#calls.renameSync(kept, place));
  }

  replace({ path, staged }: Placement): void {
    const place = this.#placeOf(path);
    const former = existsAs(place);
    if (former === undefined) {
      this.#makeParent(place);
      this.#calls.renameSync(staged, place);
      this.#undo.push(() => this.#calls.unlinkSync(place));
      return;
    }
    if (former.isDirectory()) throw new Error('expected a file, a link or nothing, found a directory');
    const kept = this.#attic();
    this.#calls.linkSync(place, kept);
    this.#calls.renameSync(staged, place);
    this.#undo.push(() => this.#calls.renameSync(kept, place));
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

  #placeOf(path: string): string {
    this.lastPath = join(this.#change.root, path);
    return this.lastPath;
  }

  #attic(): string {
    return join(this.#change.attic, String(this.#undo.length));
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

/** What is there, the link itself if it is one. */
function existsAs(place: string): fs.Stats | undefined {
  return fs.lstatSync(place, { throwIfNoEntry: false });
}
