import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errorCode } from '../errors.ts';

export interface LineSinkOptions {
  /** Where lines go, such as 2 for standard error. */
  readonly descriptor: number;
  /** The line that says, once lines can be written again, how many could not be and why. */
  readonly lossLine: (lost: number, reason: string) => string;
}

/** What waits for its reader, at most. It is the oldest that waits: how a trouble began tells more than how it went on. */
const MAX_WAITING_BYTES = 256 * 1024;
/** A reader that is slow. */
const SLOW_RETRY_MS = 20;
/** A reader that is gone, a disk that is full. */
const BROKEN_RETRY_MS = 1_000;
/** How long the end of the process waits for a slow reader. */
const LAST_WORDS_MS = 1_000;

/**
 * Writes lines to a descriptor, and never throws, never blocks on a reader and keeps no more than a bound of what waits: a log is there for
 * the work, and not the work for the log. While all is well a line is in the operating system's hands when `write` returns.
 */
export class LineSink {
  readonly #options: LineSinkOptions;
  readonly #descriptor: number;
  readonly #isOwn: boolean;
  readonly #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #reason = '';
  #retryAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #lastWords = (): void => this.#drain();

  constructor(options: LineSinkOptions) {
    this.#options = options;
    this.#descriptor = withoutBlocking(options.descriptor);
    this.#isOwn = this.#descriptor !== options.descriptor;
    process.on('exit', this.#lastWords);
  }

  write(line: string): void {
    const bytes = Buffer.from(line);
    if (this.#lost > 0 || this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) this.#lost += 1;
    else this.#wait(bytes);
    if (performance.now() >= this.#retryAtMs) this.#flush();
  }

  /** Writes what can still be written, and lets go of the descriptor. */
  close(): void {
    this.#drain();
    clearTimeout(this.#timer);
    process.off('exit', this.#lastWords);
    if (this.#isOwn) closeSync(this.#descriptor);
  }

  #wait(bytes: Buffer): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#retryAtMs = 0;
    try {
      this.#writeWaiting();
      if (this.#lost === 0) return;
      this.#wait(Buffer.from(this.#options.lossLine(this.#lost, this.#reason)));
      this.#lost = 0;
      this.#writeWaiting();
    } catch (error) {
      const isSlow = errorCode(error) === 'EAGAIN';
      this.#reason = isSlow
        ? 'the reader of the log is slow'
        : `it cannot be written: ${errorCode(error) ?? ''}`;
      this.#retryIn(isSlow ? SLOW_RETRY_MS : BROKEN_RETRY_MS);
    }
  }

  #writeWaiting(): void {
    for (let bytes = this.#waiting[0]; bytes !== undefined; bytes = this.#waiting[0]) {
      const written = writeSync(this.#descriptor, bytes);
      this.#waitingBytes -= written;
      // A full disk may take half a line; the rest of it follows when there is room.
      if (written < bytes.length) this.#waiting[0] = bytes.subarray(written);
      else this.#waiting.shift();
    }
  }

  #retryIn(ms: number): void {
    this.#retryAtMs = performance.now() + ms;
    this.#timer = setTimeout(() => this.#flush(), ms).unref();
  }

  /** The event loop turns no more: what waits for a slow reader is offered again and again for a moment. */
  #drain(): void {
    const untilMs = performance.now() + LAST_WORDS_MS;
    for (;;) {
      this.#flush();
      if (this.#waiting.length === 0 || performance.now() > untilMs) return;
      if (this.#retryAtMs - performance.now() > SLOW_RETRY_MS) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SLOW_RETRY_MS);
    }
  }
}

/**
 * The same file, opened such that a full pipe, or a terminal that is halted by Ctrl-S, makes an error instead of a halt of the whole process.
 * Opened anew it leaves the descriptor as it is, which other programs may share.
 */
function withoutBlocking(descriptor: number): number {
  try {
    const stat = fstatSync(descriptor);
    if (stat.isSocket()) return setNonBlocking(descriptor);
    if (!stat.isFIFO() && !isatty(descriptor)) return descriptor;
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
    return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    // The pipe is another user's, its reader has gone already, or there is no /proc.
    return setNonBlocking(descriptor);
  }
}

/** Node has no call for it, and its streams do it: a socket cannot be opened anew. */
function setNonBlocking(descriptor: number): number {
  const stream = descriptor === 1 ? process.stdout : process.stderr;
  stream.on('error', () => undefined);
  return descriptor;
}
