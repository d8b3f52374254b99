import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import { wait } from '../wait.ts';

export interface LostClaimsOptions {
  readonly hub: Pick<HubClient, 'runningIds'>;
  /** The commands whose lanes are closed because somebody else runs them. */
  readonly runningElsewhere: () => readonly number[];
  /** Called for each of them that the hub no longer lists as running. */
  readonly onEnded: (id: number) => void;
  /** Milliseconds between two looks at the hub; it is looked at only while there are such commands. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Watches, until `signal` is aborted, over the commands that somebody else runs, so that their lanes open again. */
export async function watchLostClaims(options: LostClaimsOptions): Promise<void> {
  const { hub, runningElsewhere, onEnded, intervalMs, signal, log } = options;
  while (await wait(intervalMs, signal)) {
    const ids = runningElsewhere();
    if (ids.length === 0) continue;
    try {
      const running = new Set(await hub.runningIds(signal));
      for (const id of ids) if (!running.has(id)) onEnded(id);
    } catch (error) {
      log.debug('cannot tell what runs elsewhere', { reason: describeError(error) });
    }
  }
}
