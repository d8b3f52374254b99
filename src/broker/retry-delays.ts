import { backoffMs, type BackoffBounds } from '../wait.ts';

export interface RetryOptions {
  /** How many brokers are tried in turn. */
  readonly urlCount: number;
  readonly backoff: BackoffBounds;
  /** About how long to wait when every broker has refused. */
  readonly refusedMs: number;
  /** A session that has lived this long was a good one: the next failure is a first one. */
  readonly goodAfterMs: number;
}

export interface SessionEnd {
  readonly isRefused: boolean;
  /** How long the session was usable; 0 when it never was. */
  readonly livedMs: number;
}

/** Decides how long to wait before the next session, from how the last ones ended. */
export class RetryDelays {
  readonly #options: RetryOptions;
  #failures = 0;
  #refusals = 0;

  constructor(options: RetryOptions) {
    this.#options = options;
  }

  /** Milliseconds to wait after a session that ended so. */
  after({ isRefused, livedMs }: SessionEnd): number {
    const { urlCount, backoff, refusedMs, goodAfterMs } = this.#options;
    if (livedMs >= goodAfterMs) this.#failures = 0;
    this.#failures += 1;
    this.#refusals = isRefused ? this.#refusals + 1 : 0;
    if (this.#refusals >= urlCount) return refusedMs * (0.75 + Math.random() / 2);
    return backoffMs(Math.ceil(this.#failures / urlCount), backoff);
  }
}
