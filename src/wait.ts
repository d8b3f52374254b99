/** Waits `ms` milliseconds. Resolves to false, without an error, as soon as `signal` is aborted. */
export function wait(ms: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted === true) return Promise.resolve(false);
  return new Promise((resolve) => {
    // Not the one of node:timers/promises: that makes an error, with its stack, of each abort, and every script's end is one.
    const end = (isOver: boolean): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(isOver);
    };
    const onAbort = (): void => end(false);
    const timer = setTimeout(() => end(true), Math.max(0, ms));
    signal?.addEventListener('abort', onAbort);
  });
}

/** Resolves once `signal` is aborted. */
export async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

/** Bounds of a backoff, in milliseconds. */
export interface BackoffBounds {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * Full-jitter exponential backoff: before retry `attempt` (from 1), a random time up to `firstMs * 2^(attempt-1)`, at most `maxMs`.
 * Full jitter spreads the retries of many clients best: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(attempt: number, { firstMs, maxMs }: BackoffBounds): number {
  const ceiling = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.random() * ceiling;
}

/** Resolves to `promise`, or rejects with `error()` when it takes longer than `ms`. The promise itself goes on. */
export async function withDeadline<T>(promise: Promise<T>, ms: number, error: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(error()), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
