import type { Logger } from '../logger.ts';
import { NoRoomError } from '../report/want-of-room.ts';
import { wait } from '../wait.ts';

const LOOK_MS = 2_000;

/**
 * Gives what `open` gives, as soon as there is room for it; undefined when `signal` is aborted first. Said once.
 * @throws what `open` throws for other reasons
 */
export async function whenThereIsRoom<T>(
  open: () => T,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Pick<Logger, 'error'> },
): Promise<T | undefined> {
  for (let isNews = true; !signal.aborted; isNews = false) {
    try {
      return open();
    } catch (error) {
      if (!(error instanceof NoRoomError)) throw error;
      if (isNews)
        log.error('journal cannot be opened, the start waits until it can', { reason: error.message });
    }
    await wait(LOOK_MS, signal);
  }
  return undefined;
}
