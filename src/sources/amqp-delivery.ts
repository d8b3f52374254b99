import type { Channel, ConsumeMessage } from 'amqplib';
import type { Session } from '../broker/session.ts';
import type { Delivery, Reply } from '../delivery.ts';
import { wait } from '../wait.ts';

/** What a delivery needs around it. */
export interface DeliveryContext {
  readonly session: Session;
  readonly channel: Channel;
  /** Puts a message among the dead letters; rejects when that did not work. */
  readonly bury: (message: ConsumeMessage, reason: string) => Promise<void>;
  /** How long a message that could not be buried waits before it goes back to the queue. */
  readonly buryRetryMs: number;
  readonly onSettled: () => void;
}

/**
 * One message of one session. A session that is over settles nothing: the broker delivers the message again, and an
 * acknowledgement on another channel would name another message.
 */
export class AmqpDelivery implements Delivery {
  readonly reply: Reply | undefined;
  readonly #message: ConsumeMessage;
  readonly #context: DeliveryContext;
  #isSettled = false;

  constructor(message: ConsumeMessage, context: DeliveryContext) {
    this.#message = message;
    this.#context = context;
    this.reply = replyOf(message);
  }

  acknowledge(): void {
    this.#settle(({ channel }) => channel.ack(this.#message));
  }

  giveBack(): void {
    this.#settle(({ channel }) => channel.nack(this.#message, false, true));
  }

  async reject(reason: string): Promise<void> {
    if (this.#isSettled) return;
    const { bury, buryRetryMs, session } = this.#context;
    try {
      await bury(this.#message, reason);
    } catch {
      // Given back at once it would come again at once.
      if (await wait(buryRetryMs, session.signal)) this.giveBack();
      return;
    }
    this.acknowledge();
  }

  #settle(tellBroker: (context: DeliveryContext) => void): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const { session, onSettled } = this.#context;
    onSettled();
    if (session.signal.aborted) return;
    try {
      tellBroker(this.#context);
    } catch (error) {
      // The channel is closing, and nobody was told yet.
      session.fail(error);
    }
  }
}

function replyOf({ properties }: ConsumeMessage): Reply | undefined {
  const replyTo: unknown = properties.replyTo;
  const correlationId: unknown = properties.correlationId;
  if (typeof replyTo !== 'string' || replyTo === '') return undefined;
  return { replyTo, correlationId: typeof correlationId === 'string' ? correlationId : undefined };
}
