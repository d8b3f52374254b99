import type { Channel, Options } from 'amqplib';
import { describeError } from '../errors.ts';
import { BrokerRefusedError, TopologyError } from './errors.ts';
import {
  COMMANDS_EXCHANGE,
  commandKey,
  commandQueue,
  deadQueue,
  RESULTS_EXCHANGE,
  WORKERS_EXCHANGE,
} from './names.ts';
import type { Session } from './session.ts';

/** What to do about exchanges and queues: make them, insist that they are there, or trust that they are. */
export type TopologyMode = 'declare' | 'check' | 'none';
export type QueueType = 'quorum' | 'classic';

/** What has to be on the broker. All exchanges are durable topic exchanges, all queues durable. */
export interface Topology {
  readonly exchanges: readonly string[];
  readonly queues: readonly string[];
  readonly bindings: readonly { readonly queue: string; readonly exchange: string; readonly key: string }[];
  readonly queueType: QueueType;
}

/** What a lab's commands need: where they are published, where they wait, and where the invalid ones go. */
export function commandTopology(lab: string, queueType: QueueType): Topology {
  const queue = commandQueue(lab);
  return {
    exchanges: [COMMANDS_EXCHANGE],
    queues: [queue, deadQueue(lab)],
    bindings: [{ queue, exchange: COMMANDS_EXCHANGE, key: commandKey(lab) }],
    queueType,
  };
}

/** What several labs and their talk need together. */
export function topologyOfLabs(labs: readonly string[], queueType: QueueType): Topology {
  const each = [...labs.map((lab) => commandTopology(lab, queueType)), labTopology];
  return {
    exchanges: [...new Set(each.flatMap(({ exchanges }) => exchanges))],
    queues: each.flatMap(({ queues }) => queues),
    bindings: each.flatMap(({ bindings }) => bindings),
    queueType,
  };
}

/** What the lab's talk needs, announcements and results: the exchanges; who wants to listen brings a queue. */
export const labTopology: Topology = {
  exchanges: [RESULTS_EXCHANGE, WORKERS_EXCHANGE],
  queues: [],
  bindings: [],
  queueType: 'classic',
};

/**
 * Sees to it that `topology` is on the broker, in the given mode. AMQP cannot look at bindings, so that `check` does not either.
 * @throws TopologyError naming everything that `check` misses.
 * @throws BrokerRefusedError when something is there with other settings, or we may not declare it.
 */
export async function ensureTopology(
  session: Pick<Session, 'openScratchChannel'>,
  mode: TopologyMode,
  topology: Topology,
): Promise<void> {
  if (mode === 'declare') await declare(session, topology);
  if (mode === 'check') await check(session, topology);
}

type OpenScratch = Pick<Session, 'openScratchChannel'>;

async function declare(
  session: OpenScratch,
  { exchanges, queues, bindings, queueType }: Topology,
): Promise<void> {
  const channel = await session.openScratchChannel();
  for (const name of exchanges) {
    await declared(`exchange "${name}"`, channel.assertExchange(name, 'topic', { durable: true }));
  }
  for (const name of queues) {
    await declared(`queue "${name}" (${queueType})`, channel.assertQueue(name, queueOptions(queueType)));
  }
  for (const { queue, exchange, key } of bindings) {
    const what = `binding of queue "${queue}" to exchange "${exchange}" by "${key}"`;
    await declared(what, channel.bindQueue(queue, exchange, key));
  }
  await channel.close();
}

// Brokers other than RabbitMQ may close the connection on an argument that they do not know, so a classic queue is declared with none.
function queueOptions(queueType: QueueType): Options.AssertQueue {
  return queueType === 'quorum'
    ? { durable: true, arguments: { 'x-queue-type': 'quorum' } }
    : { durable: true };
}

async function declared(what: string, answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    const code = replyCode(error);
    if (code !== 403 && code !== 406) throw error;
    const remedy =
      code === 403
        ? 'permit the user to configure it, or declare it by hand and set AMQP_TOPOLOGY=check'
        : 'delete it there, or set AMQP_QUEUE_TYPE or AMQP_TOPOLOGY=check to use it as it is';
    throw new BrokerRefusedError(`${what}: cannot be declared; ${remedy} (${describeError(error)})`, {
      cause: error,
    });
  }
}

async function check(session: OpenScratch, { exchanges, queues }: Topology): Promise<void> {
  const missing: string[] = [];
  for (const name of exchanges) {
    const there = await exists(session, (channel) => channel.checkExchange(name));
    if (!there) missing.push(`exchange "${name}"`);
  }
  for (const name of queues) {
    const there = await exists(session, (channel) => channel.checkQueue(name));
    if (!there) missing.push(`queue "${name}"`);
  }
  if (missing.length === 0) return;
  throw new TopologyError(
    `expected on the broker, but missing: ${missing.join(', ')}; declare them by hand, or set AMQP_TOPOLOGY=declare`,
  );
}

// The broker closes the channel on which it is asked for what it does not have: one channel a question.
async function exists(session: OpenScratch, ask: (channel: Channel) => Promise<unknown>): Promise<boolean> {
  const channel = await session.openScratchChannel();
  try {
    await ask(channel);
  } catch (error) {
    if (replyCode(error) === 404) return false;
    throw error;
  }
  await channel.close();
  return true;
}

function replyCode(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
