import { wait } from '../wait.ts';
import type { Commands } from './commands.ts';

interface LongPollOptions {
  readonly commands: Pick<Commands, 'subscribe'>;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/**
 * What `look` gives once it satisfies `isEnough`; looks again after each change. When the time is over or the signal
 * comes, what it gives then, enough or not.
 */
export async function longPoll<T>(
  look: () => T,
  isEnough: (found: T) => boolean,
  { commands, waitMs, signal }: LongPollOptions,
): Promise<T> {
  const first = look();
  if (isEnough(first) || waitMs <= 0) return first;
  const over = new AbortController();
  const stop = (): void => over.abort();
  const unsubscribe = commands.subscribe(
    onceATurn(() => {
      if (!over.signal.aborted && isEnough(look())) stop();
    }),
  );
  signal.addEventListener('abort', stop, { once: true });
  if (!signal.aborted) await wait(waitMs, over.signal);
  stop();
  unsubscribe();
  signal.removeEventListener('abort', stop);
  return look();
}

/** Thousands of commands may be queued at once: one look answers them all. */
function onceATurn(look: () => void): () => void {
  let isDue = false;
  return () => {
    if (isDue) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      look();
    });
  };
}
