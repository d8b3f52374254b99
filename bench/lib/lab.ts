import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import amqplib, { type Channel } from 'amqplib';
import { commandMessage } from '../../src/broker/command-message.ts';
import { commandQueue } from '../../src/broker/names.ts';
import { commandTopology, ensureTopology } from '../../src/broker/topology.ts';
import type { Command } from '../../src/command.ts';
import { Secret } from '../../src/secret.ts';
import { hasEnded } from '../../src/server/command-record.ts';
import { startServer, type RunningServer } from '../../src/server/server.ts';
import type { Store } from '../../src/server/store.ts';
import { startRabbitMq } from '../../tests/helpers/rabbitmq.ts';
import { silentLogger } from '../../tests/helpers/silent-logger.ts';
import { tempDir } from '../../tests/helpers/temp-dir.ts';
import { waitUntil } from '../../tests/helpers/wait-until.ts';
import type { AtEnd } from './with-cleanup.ts';

/** The account of the lab's worker at the hub. */
export const ACCOUNT = { user: 'host/bench.example.com', password: 'bench' } as const;
const LAB = 'bench.example.com';

/** How the lab's systems are powered. */
export interface LabOptions {
  readonly systems: number;
  readonly powerType: string;
  readonly powerId: string;
}

/** A lab without a worker: what the bench pushes is on its way at once, and what the hub knows it learns without asking. */
export interface Lab {
  readonly amqpUrl: string;
  readonly hubUrl: string;
  readonly brokerPid: number;
  /** Queues an `on` at the hub for each of the first `count` systems. */
  readonly queue: (count: number) => readonly Command[];
  /** Publishes the command to the lab's workers. */
  readonly push: (command: Command) => void;
  /** Resolves once all of the commands have ended at the hub. @throws Error when one of them did not complete */
  readonly ended: (commands: readonly Command[]) => Promise<void>;
  /** Resolves once a worker takes commands from the broker. */
  readonly hasWorker: () => Promise<void>;
}

/** Starts a private RabbitMQ and, in this process, the small hub, both with their data on disk; `atEnd` is told how to end them. */
export async function startLab({ systems, powerType, powerId }: LabOptions, atEnd: AtEnd): Promise<Lab> {
  const broker = await startRabbitMq();
  atEnd(() => broker.remove());
  const { url: hubUrl, store } = await startHub(atEnd);
  const names = Array.from({ length: systems }, (_, index) => `system-${index + 1}.${LAB}`);
  const power = { type: powerType, address: '', id: powerId, user: '', password: new Secret('') };
  store.systems.putAll(names.map((fqdn) => ({ fqdn, lab: LAB, quiescentPeriodS: 0, power })));
  await broker.ready();
  const channel = await openChannel(broker.url, atEnd);
  return {
    amqpUrl: broker.url,
    hubUrl,
    brokerPid: Number(readFileSync(join(broker.dir, 'pid'), 'utf8')),
    queue: (count) =>
      store.commands
        .add(
          LAB,
          names.slice(0, count).map((fqdn) => ({ fqdn, action: 'on' })),
        )
        .map(({ command }) => command),
    push: (command) => {
      const { exchange, routingKey, content, properties } = commandMessage(LAB, command);
      channel.publish(exchange, routingKey, content, { persistent: true, ...properties });
    },
    ended: (commands) => ended(store, commands),
    hasWorker: async () => {
      await waitUntil(async () => (await channel.checkQueue(commandQueue(LAB))).consumerCount > 0, {
        timeoutMs: 30_000,
        what: 'a worker to take commands from the broker',
      });
    },
  };
}

async function startHub(atEnd: AtEnd): Promise<RunningServer> {
  const state = tempDir();
  atEnd(() => state.remove());
  const accounts = new Map([[ACCOUNT.user, new Secret(ACCOUNT.password)]]);
  const hub = await startServer({ listen: '127.0.0.1:0', stateDir: state.path, accounts, log: silentLogger });
  atEnd(() => hub.stop());
  return hub;
}

async function openChannel(amqpUrl: string, atEnd: AtEnd): Promise<Channel> {
  const connection = await amqplib.connect(amqpUrl);
  atEnd(() => connection.close());
  const openScratchChannel = (): Promise<Channel> => connection.createChannel();
  await ensureTopology({ openScratchChannel }, 'declare', commandTopology(LAB, 'quorum'));
  return connection.createChannel();
}

async function ended({ commands: stored }: Store, commands: readonly Command[]): Promise<void> {
  const open = new Set(commands.map(({ id }) => id));
  await new Promise<void>((resolve, reject) => {
    const unsubscribe = stored.subscribe((record) => {
      if (!hasEnded(record) || !open.delete(record.command.id)) return;
      if (record.status !== 'Completed') reject(new Error(`a command ended badly: ${record.message ?? ''}`));
      if (open.size > 0) return;
      unsubscribe();
      resolve();
    });
  });
}
