import { InterruptedError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';

export interface FetchWatchOptions {
  /** How long there may be no progress. */
  readonly idleTimeoutMs: number;
  /** How long it may take altogether. */
  readonly deadlineMs: number;
  /** The wish to stop. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** How often a long fetch says how far it is. */
const REPORT_MS = 10_000;

/** Ends a fetch that makes no progress, takes too long or is not wanted any more, and tells how far it is. */
export class FetchWatch {
  readonly #options: FetchWatchOptions;
  readonly #over = new AbortController();
  readonly #startedAt = performance.now();
  readonly #timers: NodeJS.Timeout[];
  readonly #idle: NodeJS.Timeout;
  #bytes = 0;
  /** How many bytes there will be, once that is known. */
  total: number | undefined;

  constructor(options: FetchWatchOptions) {
    const { idleTimeoutMs, deadlineMs, signal, log } = options;
    this.#options = options;
    const give = (why: string) => () => this.#over.abort(new Error(why));
    this.#idle = setTimeout(
      give(`expected progress, found none for ${idleTimeoutMs / 1000} s`),
      idleTimeoutMs,
    );
    this.#timers = [
      this.#idle,
      setTimeout(give(`expected the whole of it within ${deadlineMs / 1000} s`), deadlineMs),
      setInterval(() => log.info('fetching image', this.facts()), REPORT_MS),
    ];
    if (signal.aborted) this.#stop();
    signal.addEventListener('abort', this.#stop);
  }

  /** Aborted, with an error that says why, when the fetch is to end. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Rejects with the reason when the fetch is to end. */
  ended(): Promise<never> {
    const { signal } = this;
    return new Promise((_resolve, reject) => {
      const end = (): void => reject(signal.reason as Error);
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
    });
  }

  /** Something has come: so many bytes, or another sign of life. */
  progress(bytes = 0): void {
    this.#bytes += bytes;
    this.#idle.refresh();
  }

  /** How far it is. */
  facts(): { bytes: number; total: number | undefined; tookMs: number; bytesPerS: number } {
    const tookMs = Math.round(performance.now() - this.#startedAt);
    const bytesPerS = Math.round((this.#bytes / Math.max(1, tookMs)) * 1000);
    return { bytes: this.#bytes, total: this.total, tookMs, bytesPerS };
  }

  /** The fetch is over. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.signal.removeEventListener('abort', this.#stop);
  }

  readonly #stop = (): void => this.#over.abort(new InterruptedError('the fetching of an image was stopped'));
}
