import { chmod, type FileHandle, open, rm } from 'node:fs/promises';
import { describeError } from '../../../errors.ts';
import type { FetchWatch } from './fetch-watch.ts';

export interface ImageFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly watch: FetchWatch;
}

/** A file that is being fetched. Either it gets as long as it should be, or nothing of it stays. */
export class ImageFile {
  readonly #file: FileHandle;
  readonly #options: ImageFileOptions;
  #size = 0;

  private constructor(file: FileHandle, options: ImageFileOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Makes a file, has it written by `fetch`, and removes it if that throws. */
  static async write(options: ImageFileOptions, fetch: (file: ImageFile) => Promise<void>): Promise<void> {
    const { path } = options;
    const handle = await open(path, 'wx').catch((error: unknown) => cannotWrite(path, error));
    const file = new ImageFile(handle, options);
    try {
      await fetch(file);
      // Whatever the umask: a TFTP server is somebody else.
      await chmod(path, 0o644);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  }

  /** Says how long it will be, when the server does: what is too large need not even be begun. */
  expect(size: number | undefined): void {
    this.#options.watch.total = size;
    this.#refuseAbove(size ?? 0);
  }

  async append(chunk: Uint8Array): Promise<void> {
    const { path, watch } = this.#options;
    watch.signal.throwIfAborted();
    this.#size += chunk.length;
    this.#refuseAbove(this.#size);
    await this.#file.appendFile(chunk).catch((error: unknown) => cannotWrite(path, error));
    watch.progress(chunk.length);
  }

  /** @throws Error when it is not as long as was said */
  checkComplete(): void {
    const { total } = this.#options.watch;
    if (total !== undefined && total !== this.#size) {
      throw new Error(`expected ${total} bytes, found ${this.#size}`);
    }
  }

  #refuseAbove(size: number): void {
    const { maxBytes } = this.#options;
    if (size > maxBytes)
      throw new Error(`expected at most ${maxBytes} bytes (IMAGE_MAX_MB), found ${size} or more`);
  }
}

function cannotWrite(path: string, error: unknown): never {
  throw new Error(`cannot write ${path}: ${describeError(error)}`, { cause: error });
}
