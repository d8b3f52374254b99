import type { ConfirmChannel, Message } from 'amqplib';
import { describeError } from '../errors.ts';
import { UnconfirmedError, UnroutableError } from './errors.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

/** Names a mandatory message in its return, since the broker's confirm and its return have nothing in common. */
const PUBLISH_HEADER = 'x-beaker-publish';

/** A confirm channel on which a publish is a promise: returns and confirms are joined. */
export class ConfirmedChannel {
  readonly #channel: ConfirmChannel;
  readonly #unroutable = new Map<string, string>();
  #lastPublish = 0;

  constructor(channel: ConfirmChannel) {
    this.#channel = channel;
    // A return always comes before the confirm of the same message.
    channel.on('return', (message: Message) => this.#noteReturn(message));
  }

  /**
   * Resolves when the broker has taken the message over and, when `mandatory`, has put it into a queue.
   * @throws UnroutableError when it was to reach a queue and reached none.
   * @throws UnconfirmedError when the broker, or the end of the channel, leaves open what became of it.
   */
  async send(message: OutgoingMessage, { mandatory }: { readonly mandatory: boolean }): Promise<void> {
    const { exchange, routingKey, content, properties } = message;
    const token = String((this.#lastPublish += 1));
    const headers = mandatory ? { ...properties.headers, [PUBLISH_HEADER]: token } : properties.headers;
    const options = { persistent: true, ...properties, ...(headers && { headers }), mandatory };
    await new Promise<void>((resolve, reject) => {
      this.#channel.publish(exchange, routingKey, content, options, (error: unknown) => {
        const returned = this.#unroutable.get(token);
        this.#unroutable.delete(token);
        if (error !== null) reject(unconfirmed(message, error));
        else if (returned !== undefined) reject(unroutable(message, returned));
        else resolve();
      });
    });
  }

  #noteReturn({ fields, properties }: Message): void {
    const token: unknown = properties.headers?.[PUBLISH_HEADER];
    const text = 'replyText' in fields ? String(fields.replyText) : 'returned';
    if (typeof token === 'string') this.#unroutable.set(token, text);
  }
}

function unconfirmed(message: OutgoingMessage, cause: unknown): UnconfirmedError {
  return new UnconfirmedError(`${placeOf(message)}: not confirmed by the broker: ${describeError(cause)}`, {
    cause,
  });
}

function unroutable(message: OutgoingMessage, reason: string): UnroutableError {
  return new UnroutableError(`${placeOf(message)}: no queue takes the message (${reason})`);
}

function placeOf({ exchange, routingKey }: OutgoingMessage): string {
  return exchange === '' ? `queue "${routingKey}"` : `exchange "${exchange}", key "${routingKey}"`;
}
