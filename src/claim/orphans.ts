import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { CommandGoneError, CommandNotRunningError, WrongLabError } from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import type { Roster } from '../roster/roster.ts';
import { steadyNow } from '../steady-clock.ts';
import { wait } from '../wait.ts';

export interface OrphansOptions {
  readonly hub: Pick<HubClient, 'runningIds' | 'markAborted'>;
  /** Whether this worker has the command, or may have it: then it sees to its end itself. */
  readonly isOurs: (id: number) => boolean;
  /** Undefined in a lab without a broker, where there are none. */
  readonly others?: OtherWorkers | undefined;
  /** Milliseconds between two looks at the hub. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Those that may run what this worker does not. */
export interface OtherWorkers {
  readonly roster: Pick<Roster, 'hearingSince' | 'lastNamedAt' | 'isAlone'>;
  /** How long none of them may name a command. */
  readonly graceMs: number;
  /** How long a command runs at most. */
  readonly longestRunMs: number;
  /** Asks them what they have; resolves to true when they had time to answer, to false when they cannot be heard. */
  readonly hearOut: (signal: AbortSignal) => Promise<boolean>;
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
  const { hub, isOurs, others, signal, log } = options;
  let orphans = await lookForOrphans(options, firstSeen);
  if (orphans.length > 0 && others !== undefined) {
    // One that is just back may have said nothing yet. When nobody can be heard, the orphans have waited for longer than anything runs.
    await others.hearOut(signal);
    const still = new Set(await lookForOrphans(options, firstSeen));
    orphans = orphans.filter((id) => still.has(id));
  }
  for (const id of orphans) {
    if (signal.aborted) return;
    // Those before it may have taken long enough for somebody to come back.
    if (isOurs(id) || mayBeRun(id, firstSeen.get(id) ?? 0, options)) continue;
    try {
      await hub.markAborted(id, 'Command orphaned, aborting');
      log.warn('orphaned command aborted', { id });
    } catch (error) {
      if (error instanceof CommandNotRunningError) continue;
      // A system that has moved to another lab, or is deleted, takes its running command with it: said once, since it is listed no longer.
      const isGone = error instanceof WrongLabError || error instanceof CommandGoneError;
      log[isGone ? 'error' : 'warn']('orphaned command not aborted', { id, reason: describeError(error) });
    }
  }
}

async function lookForOrphans(
  options: OrphansOptions,
  firstSeen: Map<number, number>,
): Promise<readonly number[]> {
  const { hub, isOurs, signal } = options;
  const running = new Set(await hub.runningIds(signal));
  for (const id of firstSeen.keys()) if (!running.has(id)) firstSeen.delete(id);
  for (const id of running) if (!firstSeen.has(id)) firstSeen.set(id, steadyNow());
  return [...firstSeen]
    .filter(([id, seenAt]) => !isOurs(id) && !mayBeRun(id, seenAt, options))
    .map(([id]) => id);
}

/**
 * Whether somebody may run it who has only not been heard for a while. Time in which nobody could be heard does not count, unless it
 * is more than any command takes, or there never was anybody else.
 */
function mayBeRun(id: number, seenAt: number, { others }: OrphansOptions): boolean {
  if (others === undefined) return false;
  const { roster, graceMs, longestRunMs } = others;
  const { hearingSince } = roster;
  if (hearingSince === undefined) {
    const patienceMs = roster.isAlone ? graceMs : longestRunMs + graceMs;
    return steadyNow() - seenAt < patienceMs;
  }
  const since = Math.max(seenAt, hearingSince, roster.lastNamedAt(id) ?? 0);
  return steadyNow() - since < graceMs;
}
