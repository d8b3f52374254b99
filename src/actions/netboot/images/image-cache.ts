import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as z from 'zod';
import { readRegularFile } from '../../../regular-file.ts';
import { makeOwnDirectory } from '../make-directories.ts';
import { linkOrCopy } from '../link-or-copy.ts';
import { ownName, removeIfPossible } from '../left-behind.ts';
import { canBeAsked, type Validators } from './validators.ts';

/** An image of an earlier fetch. */
export interface CachedImage {
  readonly path: string;
  readonly validators: Validators;
}

/**
 * Fetched images on disk, of which those least recently used go when they are too many.
 *
 * An image is a file `KEY.NAME.image`, never changed once it is there, and `KEY.json` says which it is and of what state; KEY is a digest of the
 * URL. Several processes may use one directory: what has vanished, is half written or makes no sense is not there.
 */
export class ImageCache {
  readonly #dir: string;
  readonly #maxBytes: number;
  readonly #now: () => number;
  #lastUseMs = 0;

  constructor(dir: string, maxBytes: number, now: () => number = Date.now) {
    this.#dir = dir;
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** What there is of `url`; that counts as a use. */
  find(url: string): CachedImage | undefined {
    const index = this.#indexOf(url);
    const entry = readIndex(index);
    if (entry === undefined) return undefined;
    const path = join(this.#dir, entry.image);
    if (sizeOf(path) !== entry.size) return undefined;
    this.#touch(index);
    const { etag, lastModified, size } = entry;
    return { path, validators: { etag: etag ?? undefined, lastModified: lastModified ?? undefined, size } };
  }

  /** Keeps the file at `path`, which must not be changed any more, if it may be of use again and there is room. */
  async keep(url: string, path: string, validators: Validators): Promise<void> {
    const size = sizeOf(path) ?? 0;
    if (!canBeAsked(validators) || size > this.#maxBytes) return;
    makeOwnDirectory(this.#dir);
    const index = this.#indexOf(url);
    const former = readIndex(index);
    const image = `${keyOf(url)}.${ownName()}.${this.#now()}.image`;
    await linkOrCopy(path, join(this.#dir, image), size);
    const { etag, lastModified } = validators;
    const unnamed = join(this.#dir, `${image}.new`);
    writeFileSync(unnamed, JSON.stringify({ image, size, etag, lastModified }), { mode: 0o600 });
    this.#touch(unnamed);
    renameSync(unnamed, index);
    if (former !== undefined) removeIfPossible(join(this.#dir, former.image));
    await this.#makeRoom();
  }

  /** Only what is named as ours is ever removed: other things may be in the directory. */
  async #makeRoom(): Promise<void> {
    const names = readdirSync(this.#dir);
    const entries = await this.#entries(names.filter((name) => INDEX_NAME.test(name)));
    const kept = new Set<string>();
    let bytes = 0;
    for (const { index, image, size } of entries.sort((a, b) => this.#lastUse(b) - this.#lastUse(a))) {
      bytes += size;
      if (bytes <= this.#maxBytes) kept.add(image);
      // Perhaps it is of another image by now.
      else if (readIndex(index)?.image === image) {
        for (const path of [index, join(this.#dir, image)]) removeIfPossible(path);
      }
    }
    const strays = names.filter((name) => IMAGE_NAME.test(name) && !kept.has(name));
    for (const name of strays) if (!this.#isNew(name)) removeIfPossible(join(this.#dir, name));
  }

  /** Slice by slice: there may be many, of small images. */
  async #entries(names: readonly string[]): Promise<CacheEntry[]> {
    const entries: CacheEntry[] = [];
    for (const [index, name] of names.entries()) {
      const entry = this.#entry(name);
      if (entry !== undefined) entries.push(entry);
      if (index % SLICE === SLICE - 1) await setImmediate();
    }
    return entries;
  }

  /** An entry, and when it was used last; one that makes no sense is removed. */
  #entry(name: string): CacheEntry | undefined {
    const index = join(this.#dir, name);
    const entry = readIndex(index);
    if (entry === undefined) {
      removeIfPossible(index);
      return undefined;
    }
    const usedAt = lstatSync(index, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return { index, image: entry.image, size: entry.size, usedAt };
  }

  /** Perhaps another process is about to name it. */
  #isNew(name: string): boolean {
    const madeAt = lstatSync(join(this.#dir, name), { throwIfNoEntry: false })?.ctimeMs ?? 0;
    return this.#now() - madeAt < NEW_MS;
  }

  /** What was used in the future was used before the clock was set back, and might stay for ever. */
  #lastUse({ usedAt }: { readonly usedAt: number }): number {
    return usedAt - this.#now() > NEW_MS ? 0 : usedAt;
  }

  /** Two uses in one millisecond have an order as well; the file system's own clock is coarser still. */
  #touch(index: string): void {
    this.#lastUseMs = Math.max(this.#now(), this.#lastUseMs + 1);
    const usedAt = new Date(this.#lastUseMs);
    try {
      utimesSync(index, usedAt, usedAt);
    } catch {
      // It has just vanished, or the disk is read-only: then it counts as used when it was before.
    }
  }

  #indexOf(url: string): string {
    return join(this.#dir, `${keyOf(url)}.json`);
  }
}

/** What the index says of an image. */
interface CacheEntry {
  readonly index: string;
  readonly image: string;
  readonly size: number;
  readonly usedAt: number;
}

const NEW_MS = 60_000;

/** How many entries are read before the event loop gets its turn. */
const SLICE = 200;

/** Far above any: a name, a size, and what a server says of a file. */
const MAX_INDEX_BYTES = 100_000;

/** Named for the URL, of which it says nothing else: that may hold a password. */
const INDEX_NAME = /^[0-9a-f]{32}\.json$/;

/** An image, or an index that has not got its name yet. */
const IMAGE_NAME = /^[\w.:-]+\.image(?:\.new)?$/;

function keyOf(url: string): string {
  return createHash('sha256').update(url).digest('hex').slice(0, 32);
}

const entrySchema = z.object({
  image: z.string().regex(IMAGE_NAME),
  size: z.int().nonnegative(),
  etag: z.string().nullish(),
  lastModified: z.string().nullish(),
});

function readIndex(path: string): z.infer<typeof entrySchema> | undefined {
  try {
    return entrySchema.parse(
      JSON.parse(readRegularFile(path, { maxBytes: MAX_INDEX_BYTES }).toString('utf8')),
    );
  } catch {
    return undefined;
  }
}

function sizeOf(path: string): number | undefined {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isFile() === true ? found.size : undefined;
}
