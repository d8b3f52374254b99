import amqplib, { type ConfirmChannel } from 'amqplib';
import { rabbitmq } from './rabbitmq.ts';

/** The other side of a test: a plain client of the broker. */
export interface AmqpPeer {
  readonly channel: ConfirmChannel;
  /** How many messages a queue holds that no consumer has. */
  depth(queue: string): Promise<number>;
  /** Takes the oldest message of a queue, if there is one. */
  take(
    queue: string,
  ): Promise<{ body: string; headers: Record<string, unknown>; messageId: unknown } | undefined>;
  close(): Promise<void>;
}

/** Connects to the broker at `url`; the shared RabbitMQ unless given. */
export async function amqpPeer(url?: string): Promise<AmqpPeer> {
  const connection = await amqplib.connect(url ?? (await rabbitmq()).url);
  connection.on('error', () => {});
  const channel = await connection.createConfirmChannel();
  channel.on('error', () => {});
  return {
    channel,
    depth: async (queue) => (await channel.checkQueue(queue)).messageCount,
    take: async (queue) => {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) return undefined;
      const headers: Record<string, unknown> = message.properties.headers ?? {};
      const messageId: unknown = message.properties.messageId;
      return { body: message.content.toString(), headers, messageId };
    },
    close: () => connection.close(),
  };
}

let labs = 0;

/** The name of a lab that no other test uses, so that tests can share a broker. */
export function uniqueLab(): string {
  labs += 1;
  return `lab${labs}.t${process.pid}-${Date.now().toString(36)}.test`;
}
