import type { Session } from './session.ts';

/** An election of a quorum queue's leader takes seconds; a slow disk, too. */
const CONFIRM_MS = 15_000;

/**
 * Waits for the broker's confirm of a message. One that does not come ends the session, with which every send ends: a broker may live, answer
 * everything else, and still have lost it, as when the leader of a queue dies with a message on its way. A broker that is blocked takes its time.
 */
export async function confirmedInTime(
  sent: Promise<void>,
  session: Pick<Session, 'fail' | 'isBlocked'>,
): Promise<void> {
  const timer = setInterval(() => {
    if (!session.isBlocked)
      session.fail(new Error(`the broker has not confirmed a message within ${CONFIRM_MS} ms`));
  }, CONFIRM_MS);
  try {
    await sent;
  } finally {
    clearInterval(timer);
  }
}
