import type { Channel } from 'amqplib';
import { describeError } from '../errors.ts';
import { wait } from '../wait.ts';
import { confirmedInTime } from './confirmed-in-time.ts';
import { ConfirmedChannel } from './confirmed-channel.ts';
import { UnconfirmedError } from './errors.ts';
import { Outbox, type Entry } from './outbox.ts';
import type { OutgoingMessage } from './outgoing-message.ts';
import type { Probe, Session } from './session.ts';
import { Supervisor, type BrokerOptions } from './supervisor.ts';
import { ensureTopology, type Topology, type TopologyMode } from './topology.ts';

export interface PublisherOptions extends BrokerOptions {
  readonly connectionName: string;
  readonly topology: TopologyMode;
  /** What has to be on the broker for the messages to be published to. */
  readonly needs: Topology;
  /** How many offered messages wait for the broker at most; 1,000 unless given. */
  readonly outboxLimit?: number;
}

interface Live {
  readonly session: Session;
  readonly channel: ConfirmedChannel;
}

const BATCH = 100;
const ATTEMPTS = 3;
const FLUSH_MS = 2_000;

/**
 * Publishes, on a connection of its own: a broker that is short of memory stops reading from connections that publish, and
 * acknowledgements must not be caught in that.
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #outbox: Outbox;
  readonly #supervisor: Supervisor;
  #live: Live | undefined;
  #isFlushing = false;
  #inFlight = 0;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.outboxLimit ?? 1_000);
    this.#supervisor = new Supervisor({
      ...options,
      setUp: (session) => this.#setUp(session),
      onUp: () => void this.#flush(),
    });
  }

  /**
   * Resolves when the broker has taken the message over and, when `mandatory`, has put it into a queue. While the broker is
   * short of memory this waits.
   * @throws UnroutableError when it was to reach a queue and reached none.
   * @throws UnconfirmedError when there is no session, or what became of the message is unknown.
   */
  async publish(
    message: OutgoingMessage,
    { mandatory = false }: { mandatory?: boolean } = {},
  ): Promise<void> {
    if (this.#live === undefined) throw new UnconfirmedError('not sent: there is no session with the broker');
    this.#inFlight += 1;
    try {
      const { channel, session } = this.#live;
      await confirmedInTime(channel.send(message, { mandatory }), session);
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Publishes when it can; the oldest offers are dropped when too many wait. */
  offer(message: OutgoingMessage): void {
    const dropped = this.#outbox.add(message);
    if (dropped > 0) this.#options.log.warn('outbox is full, oldest messages dropped', { dropped });
    void this.#flush();
  }

  /** Waits a moment for what is on its way, then closes the connection. */
  async stop(): Promise<void> {
    const deadline = performance.now() + FLUSH_MS;
    const isIdle = (): boolean => this.#live === undefined || this.#outbox.size + this.#inFlight === 0;
    while (!isIdle() && performance.now() < deadline) await wait(10);
    if (this.#outbox.size > 0) {
      this.#options.log.warn('messages left unsent at the stop', { dropped: this.#outbox.size });
    }
    await this.#supervisor.stop();
  }

  async #setUp(session: Session): Promise<Probe> {
    await ensureTopology(session, this.#options.topology, this.#options.needs);
    const raw = await session.openConfirmChannel();
    const live = { session, channel: new ConfirmedChannel(raw) };
    this.#live = live;
    session.signal.addEventListener('abort', () => this.#forget(live), { once: true });
    session.onUnblocked(() => void this.#flush());
    return () => roundTrip(raw);
  }

  #forget(live: Live): void {
    if (this.#live === live) this.#live = undefined;
  }

  /** Sends what is in the outbox, in order, for as long as the session lasts and is not blocked. */
  async #flush(): Promise<void> {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      while (this.#outbox.size > 0 && this.#live?.session.isBlocked === false) {
        const { session } = this.#live;
        await Promise.all(this.#outbox.oldest(BATCH).map((entry) => this.#send(entry, session)));
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  async #send(entry: Entry, session: Session): Promise<void> {
    entry.attempts += 1;
    try {
      await this.publish(entry.message);
    } catch (error) {
      // A session that ends may end because of the message itself (no such exchange): it is not tried for ever.
      if (session.signal.aborted && entry.attempts < ATTEMPTS) return;
      const { exchange, routingKey } = entry.message;
      this.#options.log.warn('message dropped', { exchange, routingKey, reason: describeError(error) });
    }
    this.#outbox.remove(entry);
  }
}

// Setting a prefetch that nothing here uses needs no queue, no exchange and no permission, and every broker answers it.
async function roundTrip(channel: Channel): Promise<void> {
  await channel.prefetch(1);
}
