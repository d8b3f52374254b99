import { connect } from '../../broker/connect.ts';
import { commandQueue, deadQueue } from '../../broker/names.ts';
import { Session } from '../../broker/session.ts';
import { describeError } from '../../errors.ts';
import type { Secret } from '../../secret.ts';

/** How a broker is reached. */
export interface Way {
  readonly url: Secret;
  /** PEM file of the authorities to trust for `amqps:`, in place of the usual ones. */
  readonly caCert?: string | undefined;
}

const TIMEOUT_MS = 5_000;
const GOODBYE_MS = 1_000;

/** Why the broker cannot be used; undefined when it takes our connection. */
export async function problemOf(way: Way, signal: AbortSignal): Promise<string | undefined> {
  try {
    await visit(way, signal, () => Promise.resolve());
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/** Deletes the queues of a lab that is no more. */
export async function deleteQueues(lab: string, way: Way): Promise<void> {
  await visit(way, AbortSignal.timeout(TIMEOUT_MS), async (session) => {
    const channel = await session.openChannel();
    await channel.deleteQueue(commandQueue(lab));
    await channel.deleteQueue(deadQueue(lab));
  });
}

async function visit(
  { url, caCert }: Way,
  signal: AbortSignal,
  use: (session: Session) => Promise<void>,
): Promise<void> {
  const options = { connectionName: 'beaker-provision demo', heartbeatS: 10, timeoutMs: TIMEOUT_MS };
  const session = new Session(await connect({ url, caCert, ...options }, signal));
  try {
    await use(session);
  } finally {
    await session.close(GOODBYE_MS);
  }
}
