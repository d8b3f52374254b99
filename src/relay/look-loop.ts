import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import type { Clock } from '../queue/clock.ts';
import { wait } from '../wait.ts';
import type { LabRelay } from './lab-relay.ts';

export interface LookLoopOptions {
  readonly hub: Pick<HubClient, 'queuedCommands' | 'runningIds'>;
  readonly relay: Pick<LabRelay, 'look' | 'publishAgain'>;
  /** The relay's. */
  readonly clock: Pick<Clock, 'now'>;
  /** Milliseconds from the end of a look to the next; more when a look takes longer than this. */
  readonly intervalMs: number;
  /** How many messages wait in the lab's queue, undelivered. */
  readonly waitingMessages: () => Promise<number>;
  /** Called after each look; with why there was none, when the hub did not answer. */
  readonly onLook: (trouble: string | undefined) => void;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Looks at the hub, again and again, until `signal` is aborted. A hub that is away is said to be so once. */
export async function lookRepeatedly(options: LookLoopOptions): Promise<void> {
  const { intervalMs, onLook, signal, log } = options;
  let isFailing = false;
  let restMs: number;
  do {
    restMs = intervalMs;
    const startedAt = performance.now();
    try {
      await look(options);
      restMs = restAfter(performance.now() - startedAt, intervalMs);
      if (isFailing) log.info('hub answers again');
      isFailing = false;
      onLook(undefined);
    } catch (error) {
      if (signal.aborted) return;
      const reason = describeError(error);
      if (!isFailing) log.error('cannot look at the hub', { reason });
      isFailing = true;
      onLook(`cannot look at the hub: ${reason}`);
    }
  } while (await wait(restMs, signal));
}

/** As long as the look took, within reason: a list of 100,000 commands is seconds of work for the hub, and for the publishing here. */
function restAfter(tookMs: number, intervalMs: number): number {
  return Math.max(intervalMs, Math.min(tookMs, LONGEST_REST_MS));
}

const LONGEST_REST_MS = 10_000;

async function look({ hub, relay, clock, waitingMessages, signal, log }: LookLoopOptions): Promise<void> {
  const askedAt = clock.now();
  // In this order: what is claimed between the two is in both, and not in neither.
  const queued = await hub.queuedCommands(signal);
  const running = await hub.runningIds(signal);
  if (signal.aborted) return;
  const missed = relay.look({ queued, running, askedAt });
  if (missed.length > 0) await publishAgain(missed, { relay, waitingMessages, log });
}

async function publishAgain(
  ids: readonly number[],
  { relay, waitingMessages, log }: Pick<LookLoopOptions, 'relay' | 'waitingMessages' | 'log'>,
): Promise<void> {
  try {
    // What waits at the broker is not lost: the workers are just busy.
    if ((await waitingMessages()) > 0) return;
    log.warn('messages lost, publishing again', { ids: ids.slice(0, 100), count: ids.length });
    await relay.publishAgain(ids);
  } catch (error) {
    log.warn('lost messages not published again yet', { reason: describeError(error) });
  }
}
