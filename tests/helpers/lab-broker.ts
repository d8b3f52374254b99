import type { ConsumeMessage } from 'amqplib';
import { amqpPeer, uniqueLab } from './amqp-peer.ts';
import { rabbitmq } from './rabbitmq.ts';

/** A message that somebody outside received. */
export interface Received {
  readonly body: Readonly<Record<string, unknown>>;
  readonly correlationId: unknown;
}

/** A broker as those outside of the lab see it, through a plain client: they publish commands and listen to what becomes of them. */
export interface LabBroker {
  readonly url: string;
  /** Name of a lab that nobody else has. */
  readonly lab: string;
  /** Settings of a worker that takes its commands from here, and as good as never polls. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** The queue that answers are wanted in. */
  readonly replyTo: string;
  /** Answers that came to that queue, result events, and the commands that anybody published for the lab. */
  readonly replies: readonly Received[];
  readonly results: readonly Received[];
  readonly commands: readonly Received[];
  /** What workers announced. */
  readonly announcements: readonly Received[];
  /** Publishes commands, or anything else, as they are; resolves when the broker has them. */
  publish(...bodies: readonly unknown[]): Promise<void>;
  /** Publishes a command and wants an answer. */
  ask(command: unknown, correlationId: string): Promise<void>;
  /** How many commands wait in the lab's queue. */
  depth(): Promise<number>;
  /** Takes the oldest dead letter, if there is one. */
  dead(): Promise<{ body: string; headers: Record<string, unknown> } | undefined>;
  /** Deletes what the lab has left at the broker. */
  close(): Promise<void>;
}

export interface BrokerToJoin {
  /** The shared RabbitMQ unless given. */
  readonly url?: string;
  /** Where workers find it. */
  readonly through?: string;
  /** A lab that is there already; a new one unless given. */
  readonly lab?: string;
}

/** Joins a broker on behalf of those outside of a lab. */
export async function joinBroker({ url, through, lab = uniqueLab() }: BrokerToJoin = {}): Promise<LabBroker> {
  const at = url ?? (await rabbitmq()).url;
  const peer = await amqpPeer(at);
  const { channel } = peer;
  const queue = `beaker.commands.${lab}`;
  const [replies, results, commands]: [Received[], Received[], Received[]] = [[], [], []];
  const announcements: Received[] = [];
  const replyTo = await listen(undefined, replies);
  await listen({ exchange: 'beaker.results', key: `beaker.Result.${lab}` }, results);
  await listen({ exchange: 'beaker.commands', key: `beaker.Command.${lab}` }, commands);
  await listen({ exchange: 'beaker.workers', key: `beaker.Worker.${lab}` }, announcements);

  async function listen(
    to: { exchange: string; key: string } | undefined,
    into: Received[],
  ): Promise<string> {
    const own = await channel.assertQueue('', { exclusive: true });
    if (to !== undefined) {
      await channel.assertExchange(to.exchange, 'topic', { durable: true });
      await channel.bindQueue(own.queue, to.exchange, to.key);
    }
    await channel.consume(own.queue, (message) => message && into.push(received(message)), { noAck: true });
    return own.queue;
  }
  function send(body: unknown, properties: object = {}): void {
    const content = Buffer.from(typeof body === 'string' ? body : JSON.stringify({ lab, ...Object(body) }));
    channel.publish('beaker.commands', `beaker.Command.${lab}`, content, properties);
  }
  return {
    url: at,
    lab,
    settings: { LAB: lab, AMQP_URL: through ?? at, AMQP_QUEUE_TYPE: 'classic', SLEEP_TIME: 3600 },
    replyTo,
    replies,
    results,
    commands,
    announcements,
    publish: async (...bodies) => {
      for (const body of bodies) send(body);
      await channel.waitForConfirms();
    },
    ask: async (command, correlationId) => {
      send(command, { replyTo, correlationId });
      await channel.waitForConfirms();
    },
    depth: () => peer.depth(queue),
    dead: () => peer.take(`${queue}.dead`),
    close: async () => {
      await channel.deleteQueue(queue);
      await channel.deleteQueue(`${queue}.dead`);
      await peer.close();
    },
  };
}

function received({ content, properties }: ConsumeMessage): Received {
  const body = parse(content.toString());
  return { body, correlationId: properties.correlationId };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}
