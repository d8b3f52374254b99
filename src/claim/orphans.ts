import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { CommandNotRunningError } from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import { wait } from '../wait.ts';

export interface OrphansOptions {
  readonly hub: Pick<HubClient, 'runningIds' | 'markAborted'>;
  /** Whether this worker knows the command: then it sees to its end itself. */
  readonly isOurs: (id: number) => boolean;
  /** Milliseconds between two looks at the hub. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Aborts, one by one, what the hub lists as running and nobody runs; looks at once and then at intervals, until `signal` is
 * aborted. Only for a lab's only worker: what another worker runs would look like an orphan.
 */
export async function watchOrphans(options: OrphansOptions): Promise<void> {
  const { intervalMs, signal, log } = options;
  do {
    try {
      await abortOrphans(options);
    } catch (error) {
      if (!signal.aborted) log.debug('cannot look for orphaned commands', { reason: describeError(error) });
    }
  } while (await wait(intervalMs, signal));
}

async function abortOrphans({ hub, isOurs, signal, log }: OrphansOptions): Promise<void> {
  const running = await hub.runningIds(signal);
  for (const id of running) {
    if (signal.aborted) return;
    if (isOurs(id)) continue;
    try {
      await hub.markAborted(id, 'Command orphaned, aborting');
      log.warn('orphaned command aborted', { id });
    } catch (error) {
      if (error instanceof CommandNotRunningError) continue;
      log.warn('orphaned command not aborted', { id, reason: describeError(error) });
    }
  }
}
