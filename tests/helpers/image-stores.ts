import { readFileSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import { ImageStore, type ImageStoreOptions } from '../../src/actions/netboot/images/image-store.ts';
import { silentLogger } from './silent-logger.ts';
import { tempDir } from './temp-dir.ts';

/** Image stores in a directory of a test's own. */
export interface ImageStores {
  readonly dir: string;
  /** Opens a store in the directory; with a patience of half a second, and room for everything. */
  open(options?: Partial<ImageStoreOptions>): ImageStore;
  close(): Promise<void>;
}

export function imageStores(): ImageStores {
  const files = tempDir();
  const dir = join(files.path, 'images');
  const stores: ImageStore[] = [];
  return {
    dir,
    open: (options = {}) => {
      const store = new ImageStore({
        dir,
        cacheBytes: 1_000_000,
        maxImageBytes: 10_000_000,
        idleTimeoutMs: 500,
        deadlineMs: 20_000,
        caCert: undefined,
        sslVerify: true,
        environment: {},
        lookup,
        ...options,
      });
      stores.push(store);
      return store;
    },
    close: async () => {
      await Promise.all(stores.map((store) => store.close()));
      files.remove();
    },
  };
}

/** The text of an image, as whoever uses it finds it. */
export function textOf(
  store: ImageStore,
  url: string,
  signal = new AbortController().signal,
): Promise<string> {
  return store.withImage(url, { signal, log: silentLogger }, async (path) => readFileSync(path, 'utf8'));
}
