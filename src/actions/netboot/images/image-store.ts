import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CommandFailedError, describeError, errorCode, InterruptedError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { ownName, removeLeftBehind } from '../left-behind.ts';
import { linkOrCopy } from '../link-or-copy.ts';
import { makeOwnDirectory } from '../make-directories.ts';
import { Fetcher, type FetcherOptions } from './fetcher.ts';
import { type CachedImage, ImageCache } from './image-cache.ts';

export interface ImageStoreOptions extends FetcherOptions {
  /** A directory of the store's own, on the file system of the TFTP tree, so that images can be hard-linked. */
  readonly dir: string;
  /** How much to keep for the next that wants it; nothing when 0. */
  readonly cacheBytes: number;
}

export interface ImageContext {
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** A fetch under way, or just done, and how many want what comes of it. */
interface SharedFetch {
  readonly path: string;
  readonly done: Promise<void>;
  readonly unwanted: AbortController;
  users: number;
}

/**
 * Boot images by their URLs. Whoever wants the same image at the same time shares one fetch; whoever wants it later gets what was
 * kept, once its server has said that it is still so.
 */
export class ImageStore {
  readonly #options: ImageStoreOptions;
  readonly #fetcher: Fetcher;
  readonly #cache: ImageCache | undefined;
  readonly #underWay = new Map<string, SharedFetch>();
  #isPrepared = false;

  constructor(options: ImageStoreOptions) {
    this.#options = options;
    this.#fetcher = new Fetcher(options);
    this.#cache = options.cacheBytes > 0 ? new ImageCache(options.dir, options.cacheBytes) : undefined;
  }

  /**
   * Calls `use` with the path of a complete and current copy of what `url` names. It stays until `use` has settled, and must not be
   * changed, but may be hard-linked.
   * @throws CommandFailedError, not blaming the system, when it cannot be fetched or saved; InterruptedError when `signal` is aborted first
   */
  async withImage<T>(
    url: string,
    { signal, log }: ImageContext,
    use: (path: string) => Promise<T>,
  ): Promise<T> {
    const fetch = this.#underWay.get(url) ?? this.#begin(url, log);
    fetch.users += 1;
    try {
      await unlessAborted(fetch.done, signal);
      return await use(fetch.path);
    } finally {
      fetch.users -= 1;
      if (fetch.users === 0) this.#end(url, fetch);
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#fetcher.close();
  }

  #begin(url: string, log: Logger): SharedFetch {
    const unwanted = new AbortController();
    const path = join(this.#workDir(), ownName());
    const done = this.#obtain(url, path, { signal: unwanted.signal, log });
    const fetch = { path, done, unwanted, users: 0 };
    this.#underWay.set(url, fetch);
    // Who comes later is to ask the server anew.
    const settled = (): void => this.#forget(url, fetch);
    done.then(settled, settled);
    return fetch;
  }

  #end(url: string, fetch: SharedFetch): void {
    this.#forget(url, fetch);
    fetch.unwanted.abort();
    const remove = (): void => rmSync(fetch.path, { force: true });
    // What cannot be removed now is removed at the next start.
    void fetch.done.then(remove, remove).catch(() => undefined);
  }

  #forget(url: string, fetch: SharedFetch): void {
    if (this.#underWay.get(url) === fetch) this.#underWay.delete(url);
  }

  /** Puts the image at `path`. */
  async #obtain(url: string, path: string, { signal, log }: ImageContext): Promise<void> {
    this.#prepare();
    const cached = await this.#takeCached(url, path);
    const fresh = cached === undefined ? path : `${path}.new`;
    const fetched = await this.#fetcher.fetch({ url, path: fresh, known: cached?.validators, signal, log });
    if (fetched === 'unchanged') return;
    if (fresh !== path) renameSync(fresh, path);
    await this.#keep(url, path, fetched, log);
  }

  /** Links what is kept of it, so that it stays whatever becomes of the cache. */
  async #takeCached(url: string, path: string): Promise<CachedImage | undefined> {
    const cached = this.#cache?.find(url);
    if (cached === undefined) return undefined;
    try {
      await linkOrCopy(cached.path, path, this.#options.maxImageBytes);
      return cached;
    } catch (error) {
      // Another process needed the room.
      if (errorCode(error) === 'ENOENT') return undefined;
      throw cannotSave(path, error);
    }
  }

  async #keep(url: string, path: string, validators: CachedImage['validators'], log: Logger): Promise<void> {
    try {
      await this.#cache?.keep(url, path, validators);
    } catch (error) {
      log.warn('image cannot be kept for the next system', { reason: describeError(error) });
    }
  }

  #workDir(): string {
    return join(this.#options.dir, 'fetching');
  }

  #prepare(): void {
    if (this.#isPrepared) return;
    const dir = this.#workDir();
    try {
      makeOwnDirectory(dir);
      removeLeftBehind(dir);
      this.#isPrepared = true;
    } catch (error) {
      throw cannotSave(dir, error);
    }
  }
}

/** Resolves with the promise, unless the signal is aborted before. */
async function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const interrupted = (): Error => new InterruptedError('stopped while an image was fetched');
  if (signal.aborted) throw interrupted();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(interrupted());
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function cannotSave(path: string, error: unknown): CommandFailedError {
  return new CommandFailedError(`cannot write ${path}: ${describeError(error)}`, {
    systemBroken: false,
    cause: error,
  });
}
