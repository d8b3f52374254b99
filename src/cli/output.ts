import { errorCode } from '../errors.ts';
import { aborted, wait } from '../wait.ts';

/** The part of a standard output that is used here. */
export interface OutputStream extends Pick<
  NodeJS.WriteStream,
  'write' | 'isTTY' | 'columns' | 'rows' | 'hasColors' | 'writableLength'
> {
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** How long a program that was asked to stop waits for those who read its output. */
const STOPPED_MS = 1_000;

/** The standard output of a role, whose reader may go or be slow. */
export class Output {
  readonly #stream: OutputStream;
  readonly #gone = new AbortController();
  #failure: Error | undefined;

  constructor(stream: OutputStream) {
    this.#stream = stream;
    // Without a listener an error of the stream ends the process, whatever the role has still to do.
    stream.on('error', (error: Error) => {
      this.#failure ??= error;
      this.#gone.abort();
    });
  }

  get stream(): OutputStream {
    return this.#stream;
  }

  /** Is aborted once nothing can be written any more: the reader has ended, or a file is full. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Resolves when all is written, or shortly after `stopping`: the end of the process would lose what is on its way.
   * @throws Error when it cannot be written
   */
  async written(stopping: AbortSignal): Promise<void> {
    // An error of what was just written comes a moment later.
    await new Promise((resolve) => setImmediate(resolve));
    // Not even an empty text to a stream that was never used: to open it would change how a shared descriptor blocks.
    if (this.#failure === undefined && this.#stream.writableLength > 0) {
      const flushed = new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
      await Promise.race([flushed, aborted(this.gone), aborted(stopping).then(() => wait(STOPPED_MS))]);
    }
    if (this.#failure === undefined) return;
    const why = errorCode(this.#failure) === 'EPIPE' ? 'its reader has ended' : this.#failure.message;
    throw new Error(`standard output: expected that it can be written, but ${why}`);
  }
}
