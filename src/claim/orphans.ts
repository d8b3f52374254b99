import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { CommandNotRunningError } from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import type { Roster } from '../roster/roster.ts';
import { wait } from '../wait.ts';

export interface OrphansOptions {
  readonly hub: Pick<HubClient, 'runningIds' | 'markAborted'>;
  /** Whether this worker has the command, or may have it: then it sees to its end itself. */
  readonly isOurs: (id: number) => boolean;
  /** The other workers, and how long none of them may name a command; undefined in a lab without a broker, where there is none. */
  readonly others?: { readonly roster: Roster; readonly graceMs: number } | undefined;
  /** Milliseconds between two looks at the hub. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Aborts, one by one, what the hub lists as running and nobody runs; looks at once and then at intervals, until `signal` is
 * aborted. Only for one worker of a lab, its fallback primary.
 */
export async function watchOrphans(options: OrphansOptions): Promise<void> {
  const { intervalMs, signal, log } = options;
  const firstSeen = new Map<number, number>();
  do {
    try {
      await abortOrphans(options, firstSeen);
    } catch (error) {
      if (!signal.aborted) log.debug('cannot look for orphaned commands', { reason: describeError(error) });
    }
  } while (await wait(intervalMs, signal));
}

async function abortOrphans(options: OrphansOptions, firstSeen: Map<number, number>): Promise<void> {
  const { hub, isOurs, signal, log } = options;
  const running = new Set(await hub.runningIds(signal));
  for (const id of firstSeen.keys()) if (!running.has(id)) firstSeen.delete(id);
  for (const id of running) {
    if (signal.aborted) return;
    const seenAt = firstSeen.get(id) ?? Date.now();
    firstSeen.set(id, seenAt);
    if (isOurs(id) || mayBeRun(id, seenAt, options)) continue;
    try {
      await hub.markAborted(id, 'Command orphaned, aborting');
      log.warn('orphaned command aborted', { id });
    } catch (error) {
      if (error instanceof CommandNotRunningError) continue;
      log.warn('orphaned command not aborted', { id, reason: describeError(error) });
    }
  }
}

/** Whether somebody may run it who has only not been heard for a while. Time in which nobody could be heard does not count. */
function mayBeRun(id: number, seenAt: number, { others }: OrphansOptions): boolean {
  if (others === undefined) return false;
  const { roster, graceMs } = others;
  const { hearingSince } = roster;
  if (hearingSince === undefined) return true;
  const since = Math.max(seenAt, hearingSince, roster.lastNamedAt(id) ?? 0);
  return Date.now() - since < graceMs;
}
