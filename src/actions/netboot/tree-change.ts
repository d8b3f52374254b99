import { lstatSync } from 'node:fs';
import { chmod, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CommandFailedError, describeError } from '../../errors.ts';
import { type ChangingCalls, commitChange, type Placement } from './commit-change.ts';
import { linkOrCopy } from './link-or-copy.ts';
import { Staging } from './staging.ts';
import type { TreeEntry } from './tree-entry.ts';
import { whatIsAt } from './tree-files.ts';
import { trustedWay } from './trusted-way.ts';

/**
 * A change of one system's files in the TFTP tree: first everything is written beside the tree, then `commit` gives it its names.
 * Nothing below the root changes before that, and all of it does or nothing.
 *
 * A boot file must not be read together with the wrong images, nor be of another configuration than the one beside it. So the system's old boot
 * files go first (until the new ones are there it boots as if it were cleared), then come the images, and last the boot files.
 */
export class TreeChange {
  readonly #root: string;
  readonly #staging: Staging;
  readonly #images: Placement[] = [];
  readonly #replacements: Placement[] = [];
  readonly #additions: Placement[] = [];
  readonly #removals: string[] = [];
  readonly #lastRemovals: string[] = [];
  readonly #directories: string[] = [];
  #staged = 0;

  /** @throws CommandFailedError when nothing can be written below the root */
  constructor(root: string) {
    this.#root = root;
    try {
      this.#staging = new Staging(root);
    } catch (error) {
      throw failed(`cannot write below TFTP_ROOT ${root}`, error);
    }
  }

  /** Will put a file with the bytes of `from`, at most `maxBytes`, at `path`, sharing them with it where the file system can. */
  async image(path: string, from: string, maxBytes: number): Promise<void> {
    this.#images.push(await this.#stage(path, (staged) => linkOrCopy(from, staged, maxBytes)));
  }

  /** Will put the entry in the place of what is there. */
  async replace(entry: TreeEntry): Promise<void> {
    this.#replacements.push(await this.#stageEntry(entry));
  }

  /** Will put the entry where nothing is. */
  async addIfMissing(entry: TreeEntry): Promise<void> {
    this.#additions.push(await this.#stageEntry(entry));
  }

  /** Will take away a file or a link, if it is there. */
  remove(path: string): void {
    this.#removals.push(path);
  }

  /** As `remove`, but after everything else. */
  removeLast(path: string): void {
    this.#lastRemovals.push(path);
  }

  /** Will take away a directory, after everything else, if nothing is in it. */
  removeIfEmpty(path: string): void {
    this.#directories.push(path);
  }

  /**
   * Makes the change.
   * @throws CommandFailedError after which everything is as it was before
   */
  commit(calls?: ChangingCalls): void {
    const images = this.#images.filter((image) => !this.#isThere(image));
    const withdrawn = this.#replacements.map(({ path }) => path);
    const change = {
      root: this.#root,
      atticFor: (path: string) => this.#staging.for(path),
      additions: this.#additions,
      removals: [...withdrawn, ...this.#removals],
      replacements: [...images, ...this.#replacements],
      lastRemovals: this.#lastRemovals,
      directories: this.#directories,
    };
    commitChange(change, calls);
  }

  /** Removes what was written beside the tree. To be called in any case. */
  close(): void {
    this.#staging.close();
  }

  async #stageEntry(entry: TreeEntry): Promise<Placement> {
    return this.#stage(entry.path, async (staged) => {
      if (entry.kind === 'link') return symlink(entry.target, staged);
      await writeFile(staged, entry.content);
      // Whatever the umask: a TFTP server is another user.
      await chmod(staged, 0o644);
    });
  }

  async #stage(path: string, write: (staged: string) => Promise<void>): Promise<Placement> {
    const nth = (this.#staged += 1);
    try {
      trustedWay(this.#root, dirname(path));
      const staged = join(this.#staging.for(path), `new-${nth}`);
      await write(staged);
      return { path, staged };
    } catch (error) {
      throw failed(`cannot write ${join(this.#root, path)}`, error);
    }
  }

  #isThere({ path, staged }: Placement): boolean {
    const there = whatIsAt(join(this.#root, path));
    const wanted = lstatSync(staged);
    return there?.ino === wanted.ino && there.dev === wanted.dev;
  }
}

function failed(what: string, cause: unknown): CommandFailedError {
  return new CommandFailedError(`${what}: ${describeError(cause)}`, { systemBroken: false, cause });
}
