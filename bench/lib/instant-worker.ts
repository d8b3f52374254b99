import amqplib, { type Channel, type ConsumeMessage } from 'amqplib';
import { workerMessage } from '../../src/broker/announcement-message.ts';
import { decodeCommandMessage } from '../../src/broker/command-message.ts';
import { commandQueue } from '../../src/broker/names.ts';
import type { OutgoingMessage } from '../../src/broker/outgoing-message.ts';
import { resultEvent, type Result } from '../../src/broker/result-message.ts';
import type { Command } from '../../src/command.ts';
import { announcement } from '../../tests/helpers/announcements.ts';
import type { StockHub } from './stock-hub.ts';
import type { AtEnd } from './with-cleanup.ts';

export interface InstantWorkerOptions {
  readonly amqpUrl: string;
  readonly lab: string;
  readonly hub: Pick<StockHub, 'claim' | 'end'>;
}

const PREFETCH = 100;
/** As often as a busy worker says what it does. */
const ANNOUNCE_MS = 150;
const WORKER = 'instant';

/**
 * What a relay and a broker see of a worker whose actions take no time: it takes each message, claims, acknowledges, says that the command
 * runs and how it ended, and announces itself. No script is started and nothing is written to disk.
 */
export async function startInstantWorker(options: InstantWorkerOptions, atEnd: AtEnd): Promise<void> {
  const { amqpUrl, lab } = options;
  const connection = await amqplib.connect(amqpUrl);
  atEnd(() => connection.close());
  const channel = await connection.createChannel();
  await channel.prefetch(PREFETCH);
  let nth = 0;
  const announcing = setInterval(() => {
    nth += 1;
    publish(channel, workerMessage(announcement({ lab, worker: WORKER, concurrency: PREFETCH, nth })));
  }, ANNOUNCE_MS);
  atEnd(() => clearInterval(announcing));
  await channel.consume(commandQueue(lab), (message) => {
    if (message !== null) work(channel, message, options);
  });
}

function work(channel: Channel, message: ConsumeMessage, { lab, hub }: InstantWorkerOptions): void {
  const command = decodeCommandMessage(message.content, lab);
  const isOurs = hub.claim(command.id);
  channel.ack(message);
  if (!isOurs) return;
  publish(channel, resultEvent(resultOf(command, lab, 'running')));
  hub.end(command.id);
  publish(channel, resultEvent(resultOf(command, lab, 'completed')));
}

function resultOf({ id, fqdn, action }: Command, lab: string, status: Result['status']): Result {
  return { id, lab, fqdn, action, status, worker: WORKER };
}

function publish(channel: Channel, { exchange, routingKey, content, properties }: OutgoingMessage): void {
  channel.publish(exchange, routingKey, content, { persistent: true, ...properties });
}
