import { setTimeout as sleep } from 'node:timers/promises';
import amqplib, { type ChannelModel, type ConsumeMessage } from 'amqplib';
import type { Random } from './random.ts';

/** Somebody at the broker who hears the commands that are published, and can publish them once more. Comes back when the broker does. */
export class Onlooker {
  readonly #url: string;
  readonly #lab: string;
  readonly #heard: ConsumeMessage[] = [];
  #connection: ChannelModel | undefined;
  #isClosed = false;
  readonly #running: Promise<void>;

  constructor(url: string, lab: string) {
    this.#url = url;
    this.#lab = lab;
    this.#running = this.#run();
  }

  /** How many commands were published, repetitions included. */
  get heard(): number {
    return this.#heard.length;
  }

  /** Publishes some of the messages of the past again, in any order. Does nothing while the broker is away. */
  async copy(count: number, random: Random): Promise<void> {
    const copies = Array.from(
      { length: count },
      () => this.#heard[random.between(0, this.#heard.length - 1)],
    );
    try {
      const channel = await this.#connection?.createChannel();
      if (channel === undefined) return;
      channel.on('error', () => {});
      for (const copy of copies) {
        if (copy === undefined) continue;
        const { fields, content, properties } = copy;
        channel.publish(fields.exchange, fields.routingKey, content, properties);
      }
      await channel.close();
    } catch {
      // The broker went away in the middle of it.
    }
  }

  /** How many messages a queue of the lab holds, undelivered. */
  async depth(queue: string): Promise<number> {
    const connection = await amqplib.connect(this.#url);
    try {
      const channel = await connection.createChannel();
      return (await channel.checkQueue(queue)).messageCount;
    } finally {
      await connection.close();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection?.close().catch(() => {});
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isClosed) {
      try {
        await this.#listen();
      } catch {
        await sleep(500);
      }
    }
  }

  async #listen(): Promise<void> {
    const connection = await amqplib.connect(this.#url, { timeout: 5_000 });
    connection.on('error', () => {});
    const closed = new Promise((done) => connection.once('close', done));
    const channel = await connection.createChannel();
    channel.on('error', () => {});
    await channel.assertExchange('beaker.commands', 'topic', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'beaker.commands', `beaker.Command.${this.#lab}`);
    await channel.consume(queue, (message) => message && this.#heard.push(message), { noAck: true });
    this.#connection = connection;
    await closed;
    this.#connection = undefined;
  }
}
