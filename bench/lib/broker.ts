import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import amqplib, { type Channel } from 'amqplib';
import { commandQueue } from '../../src/broker/names.ts';
import { commandTopology, ensureTopology, labTopology } from '../../src/broker/topology.ts';
import { startRabbitMq, type RabbitMqNode } from '../../tests/helpers/rabbitmq.ts';
import type { AtEnd } from './with-cleanup.ts';

/** A RabbitMQ that the bench has to itself, with what a lab needs on it. */
export interface Broker {
  readonly url: string;
  readonly node: RabbitMqNode;
  /** Of the process that serves clients; another one after each restart. */
  readonly pid: () => number;
  /** On a connection of the bench's own. */
  readonly channel: Channel;
  /** How many workers take commands from it. */
  readonly workers: () => Promise<number>;
}

/** Starts a private RabbitMQ and declares the quorum queues and the exchanges of `lab`; resolves when it takes connections. */
export async function startBroker(lab: string, atEnd: AtEnd): Promise<Broker> {
  const node = await startRabbitMq();
  atEnd(() => node.remove());
  await node.ready();
  const connection = await amqplib.connect(node.url);
  connection.on('error', ignore);
  atEnd(() =>
    Promise.resolve()
      .then(() => connection.close())
      .catch(ignore),
  );
  const openScratchChannel = (): Promise<Channel> => connection.createChannel();
  await ensureTopology({ openScratchChannel }, 'declare', commandTopology(lab, 'quorum'));
  await ensureTopology({ openScratchChannel }, 'declare', labTopology);
  return {
    url: node.url,
    node,
    pid: () => Number(readFileSync(join(node.dir, 'pid'), 'utf8')),
    channel: await connection.createChannel(),
    workers: () => consumersOf(commandQueue(lab), node.url),
  };
}

/** On a connection of its own, since the broker may have been restarted. */
async function consumersOf(queue: string, url: string): Promise<number> {
  const connection = await amqplib.connect(url);
  try {
    const channel = await connection.createChannel();
    const { consumerCount } = await channel.checkQueue(queue);
    return consumerCount;
  } finally {
    await connection.close();
  }
}

function ignore(): void {
  // A bench may stop the broker, and a connection that is gone needs no closing.
}
