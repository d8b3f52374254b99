import type { Channel, ConsumeMessage } from 'amqplib';
import type { Session } from '../broker/session.ts';

/** Where the sender of a message wants its answer. */
export interface Reply {
  readonly replyTo: string;
  readonly correlationId: string | undefined;
}

/** A message that brought a command. It is settled once, by whichever of these is called first; the others then do nothing. */
export interface Delivery {
  readonly reply: Reply | undefined;
  /** The claim is decided, won or lost: the broker may forget the message. */
  decided(): void;
  /** The command was not claimed: the message goes back to the queue. */
  giveBack(): void;
  /** The message must not come again: it goes to the dead letters, with the reason. Resolves when it is settled, or will be. */
  reject(reason: string): Promise<void>;
}

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

  decided(): void {
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
      const timer = setTimeout(() => this.giveBack(), buryRetryMs);
      session.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
      return;
    }
    this.decided();
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
