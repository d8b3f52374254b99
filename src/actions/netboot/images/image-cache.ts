import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { makeDirectories } from '../make-directories.ts';
import { linkOrCopy } from '../link-or-copy.ts';
import { ownName } from '../left-behind.ts';
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
    makeDirectories(this.#dir, 0o700);
    const index = this.#indexOf(url);
    const former = readIndex(index);
    const image = `${keyOf(url)}.${ownName()}.${this.#now()}.image`;
    await linkOrCopy(path, join(this.#dir, image));
    const { etag, lastModified } = validators;
    const unnamed = join(this.#dir, `${image}.new`);
    writeFileSync(unnamed, JSON.stringify({ image, size, etag, lastModified }), { mode: 0o600 });
    this.#touch(unnamed);
    renameSync(unnamed, index);
    if (former !== undefined) rmSync(join(this.#dir, former.image), { force: true });
    this.#makeRoom();
  }

  /** Only what is named as ours is ever removed: other things may be in the directory. */
  #makeRoom(): void {
    const names = readdirSync(this.#dir);
    const entries = names.filter((name) => INDEX_NAME.test(name)).flatMap((name) => this.#entry(name) ?? []);
    const kept = new Set<string>();
    let bytes = 0;
    for (const { index, image, size } of entries.sort((a, b) => b.usedAt - a.usedAt)) {
      bytes += size;
      if (bytes <= this.#maxBytes) kept.add(image);
      else for (const path of [index, join(this.#dir, image)]) rmSync(path, { force: true });
    }
    const strays = names.filter((name) => IMAGE_NAME.test(name) && !kept.has(name));
    for (const name of strays) if (!this.#isNew(name)) rmSync(join(this.#dir, name), { force: true });
  }

  /** An entry, and when it was used last; one that makes no sense is removed. */
  #entry(name: string): { index: string; image: string; size: number; usedAt: number } | undefined {
    const index = join(this.#dir, name);
    const entry = readIndex(index);
    if (entry === undefined) {
      rmSync(index, { force: true });
      return undefined;
    }
    const usedAt = statSync(index, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    return { index, image: entry.image, size: entry.size, usedAt };
  }

  /** Perhaps another process is about to name it. */
  #isNew(name: string): boolean {
    const madeAt = statSync(join(this.#dir, name), { throwIfNoEntry: false })?.ctimeMs ?? 0;
    return this.#now() - madeAt < NEW_MS;
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

const NEW_MS = 60_000;

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
    return entrySchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}
