import { hostname } from 'node:os';
import type { Channel, ConsumeMessage } from 'amqplib';
import { decodeCommandMessage } from '../broker/command-message.ts';
import { commandQueue } from '../broker/names.ts';
import type { Publisher } from '../broker/publisher.ts';
import type { Probe, Session } from '../broker/session.ts';
import { Supervisor, type BrokerOptions } from '../broker/supervisor.ts';
import { ensureTopology, topologyOfLabs, type QueueType, type TopologyMode } from '../broker/topology.ts';
import type { Command } from '../command.ts';
import { describeError, InvalidCommandError } from '../errors.ts';
import type { Delivery } from '../delivery.ts';
import { AmqpDelivery } from './amqp-delivery.ts';
import { deadLetter } from './dead-letter.ts';
import { PrefetchWindow } from './prefetch-window.ts';

export interface AmqpSourceOptions extends BrokerOptions {
  readonly lab: string;
  readonly topology: TopologyMode;
  readonly queueType: QueueType;
  /** How many messages the broker sends ahead of their settlement. */
  readonly prefetch: number;
  /** How long a message may stay unsettled; 5 minutes unless given, well within RabbitMQ's limit of 30. */
  readonly holdLimitMs?: number;
  /** How long an invalid message waits when it cannot be put among the dead letters; 10 s unless given. */
  readonly buryRetryMs?: number;
  /** Publishes the dead letters, on another connection. */
  readonly publisher: Pick<Publisher, 'publish'>;
  /** Whether the command waits for its lane, its delay or its system's rest. */
  readonly isBlocked: (id: number) => boolean;
  /** Takes a command over. Everything else about the message is settled through `delivery`. */
  readonly onCommand: (command: Command, delivery: Delivery) => void;
  /** Makes further use of each session before commands are taken. */
  readonly alsoSetUp?: (session: Session) => Promise<void>;
  /** Commands are being pushed. */
  readonly onUp: () => void;
  /** They no longer are, and the broker was last heard of then (on the clock of `performance.now()`). Not called for a stop. */
  readonly onDown: (reason: string, lastSignOfLifeAt: number) => void;
}

/** Starts to take the lab's commands from the broker, for as long as it takes to reach one. */
export function startAmqpSource(options: AmqpSourceOptions): AmqpSource {
  return new AmqpSource(options);
}

interface Consumer {
  readonly session: Session;
  readonly channel: Channel;
  readonly consumerTag: string;
}

/** Commands pushed by the broker. It stops in two steps, so that what is here can still be settled between them. */
export class AmqpSource {
  readonly #options: AmqpSourceOptions;
  readonly #supervisor: Supervisor;
  #consumer: Consumer | undefined;
  #isPaused = false;

  constructor(options: AmqpSourceOptions) {
    this.#options = options;
    this.#supervisor = new Supervisor({
      ...options,
      connectionName: `beaker-provision worker ${options.lab}`,
      setUp: (session) => this.#setUp(session),
    });
  }

  /** Takes nothing new. Deliveries that are here already can be settled until `close`. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    this.#supervisor.retire();
    const consumer = this.#consumer;
    if (consumer === undefined || consumer.session.signal.aborted) return;
    try {
      await consumer.channel.cancel(consumer.consumerTag);
    } catch (error) {
      consumer.session.fail(error);
    }
  }

  /** Closes the connection; what was not settled goes back to the queue. */
  async close(): Promise<void> {
    this.#isPaused = true;
    await this.#supervisor.stop();
  }

  async #setUp(session: Session): Promise<Probe> {
    const { lab, topology, queueType, prefetch, alsoSetUp } = this.#options;
    await ensureTopology(session, topology, topologyOfLabs([lab], queueType));
    await alsoSetUp?.(session);
    const channel = await session.openChannel();
    await channel.prefetch(prefetch);
    const intake = this.#intake(session, channel);
    const consumerTag = `beaker-provision ${hostname()} ${process.pid}`;
    const onMessage = (message: ConsumeMessage | null): void => {
      if (message === null)
        session.fail(new Error(`queue "${commandQueue(lab)}": the broker ended our consumer`));
      else intake(message);
    };
    await channel.consume(commandQueue(lab), onMessage, { consumerTag });
    this.#consumer = { session, channel, consumerTag };
    if (this.#isPaused) await channel.cancel(consumerTag);
    return () => this.#probe(channel);
  }

  /** What becomes of each message of a session. */
  #intake(session: Session, channel: Channel): (message: ConsumeMessage) => void {
    const { prefetch: size, isBlocked, holdLimitMs = 300_000, buryRetryMs = 10_000 } = this.#options;
    const window = new PrefetchWindow({ size, isBlocked, holdLimitMs });
    session.signal.addEventListener('abort', () => window.clear(), { once: true });
    const bury = (message: ConsumeMessage, reason: string): Promise<void> => this.#bury(message, reason);
    return (message) => {
      if (session.signal.aborted) return;
      const onSettled = (): void => window.remove(delivery);
      const delivery = new AmqpDelivery(message, { session, channel, bury, buryRetryMs, onSettled });
      if (this.#isPaused) delivery.giveBack();
      else this.#take(message, delivery, window);
    };
  }

  #take(message: ConsumeMessage, delivery: AmqpDelivery, window: PrefetchWindow): void {
    let command: Command;
    try {
      command = decodeCommandMessage(message.content, this.#options.lab);
    } catch (error) {
      window.add(delivery, undefined);
      void delivery.reject(describeError(error));
      return;
    }
    window.add(delivery, command.id);
    this.#options.onCommand(command, delivery);
    window.makeRoom();
  }

  async #bury(message: ConsumeMessage, reason: string): Promise<void> {
    const { publisher, lab, log } = this.#options;
    const id = idIn(message.content, lab);
    const facts = {
      ...(id !== undefined && { id }),
      ...{ reason, messageId: String(message.properties.messageId), bytes: message.content.length },
    };
    try {
      await publisher.publish(deadLetter(lab, message, reason), { mandatory: true });
      log.warn('message put among the dead letters', facts);
    } catch (error) {
      log.error('message cannot be put among the dead letters', { ...facts, error: describeError(error) });
      throw error;
    }
  }

  // Not every broker says so when it ends a consumer; the queue then counts none.
  async #probe(channel: Channel): Promise<void> {
    const queue = commandQueue(this.#options.lab);
    const { consumerCount } = await channel.checkQueue(queue);
    if (consumerCount === 0 && !this.#isPaused)
      throw new Error(`queue "${queue}": expected our consumer, found none`);
  }
}

/** By it the log keeps what is said of one command apart from the same said of another. */
function idIn(content: Buffer, lab: string): number | undefined {
  try {
    return decodeCommandMessage(content, lab).id;
  } catch (error) {
    return error instanceof InvalidCommandError ? error.id : undefined;
  }
}
