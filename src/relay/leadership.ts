import { relayLock } from '../broker/names.ts';
import type { Session } from '../broker/session.ts';
import { describeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { wait } from '../wait.ts';

export interface LeadershipOptions {
  readonly lab: string;
  /** Between two tries to get the lock, in milliseconds; a second unless given. */
  readonly retryMs?: number;
  readonly log: Logger;
}

/**
 * Resolves to true once this session has the lock of the lab's relays, to false when the session is over before. The lock is an
 * exclusive queue: the broker gives it to one connection and takes it back with the connection, however that ends.
 */
export async function becomeLeader(session: Session, options: LeadershipOptions): Promise<boolean> {
  const { lab, retryMs = 1_000, log } = options;
  let isStandingBy = false;
  do {
    try {
      await lock(session, relayLock(lab));
      return true;
    } catch (error) {
      if (!isLocked(error)) {
        session.fail(error);
        return false;
      }
      if (!isStandingBy) log.info('another relay leads, standing by', { reason: describeError(error) });
      isStandingBy = true;
    }
  } while (await wait(retryMs, session.signal));
  return false;
}

async function lock(session: Session, queue: string): Promise<void> {
  // A refusal closes the channel, and nothing else.
  const channel = await session.openScratchChannel();
  await channel.assertQueue(queue, { exclusive: true, durable: false });
}

function isLocked(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 405;
}
