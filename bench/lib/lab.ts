import { commandMessage } from '../../src/broker/command-message.ts';
import type { Action, Command } from '../../src/command.ts';
import { Secret } from '../../src/secret.ts';
import { hasEnded, type CommandRecord } from '../../src/server/command-record.ts';
import { startServer, type RunningServer } from '../../src/server/server.ts';
import type { Store } from '../../src/server/store.ts';
import { silentLogger } from '../../tests/helpers/silent-logger.ts';
import { tempDir } from '../../tests/helpers/temp-dir.ts';
import { waitUntil } from '../../tests/helpers/wait-until.ts';
import { ACCOUNT, LAB } from './account.ts';
import { startBroker, type Broker } from './broker.ts';
import type { AtEnd } from './with-cleanup.ts';

/** How the lab's systems are powered. */
export interface LabOptions {
  readonly systems: number;
  readonly powerType: string;
  readonly powerId: string;
}

export interface QueueOptions {
  readonly from?: number;
  readonly actions?: readonly Action[];
}

/**
 * A lab without a worker. The hub is a stock one, which knows nothing of a broker: the bench pushes what it queues, or starts a relay. What
 * the hub knows the bench learns without asking.
 */
export interface Lab {
  readonly amqpUrl: string;
  readonly hubUrl: string;
  readonly broker: Broker;
  /** Queues commands at the hub for each of `count` systems, the first ones unless told `from` which: an `on` unless other actions are given. */
  readonly queue: (count: number, options?: QueueOptions) => readonly Command[];
  /** Publishes the command to the lab's workers. */
  readonly push: (command: Command) => void;
  /** Resolves once all of the commands have ended at the hub. @throws Error when one of them did not complete */
  readonly ended: (commands: readonly Command[]) => Promise<void>;
  /** Resolves once all of the commands have been claimed. */
  readonly claimed: (commands: readonly Command[]) => Promise<void>;
  /** Resolves once `count` workers take commands from the broker. */
  readonly hasWorkers: (count: number) => Promise<void>;
}

/** Starts a private RabbitMQ and, in this process, the small hub, both with their data on disk; `atEnd` is told how to end them. */
export async function startLab({ systems, powerType, powerId }: LabOptions, atEnd: AtEnd): Promise<Lab> {
  const broker = await startBroker(LAB, atEnd);
  const { url: hubUrl, store } = await startHub(atEnd);
  const names = Array.from({ length: systems }, (_, index) => `system-${index + 1}.${LAB}`);
  const power = { type: powerType, address: '', id: powerId, user: '', password: new Secret('') };
  store.systems.putAll(names.map((fqdn) => ({ fqdn, lab: LAB, quiescentPeriodS: 0, power })));
  return {
    amqpUrl: broker.url,
    hubUrl,
    broker,
    queue: (count, { from = 0, actions = JUST_ON } = {}) =>
      store.commands
        .add(
          LAB,
          names.slice(from, from + count).flatMap((fqdn) => actions.map((action) => ({ fqdn, action }))),
        )
        .map(({ command }) => command),
    push: (command) => {
      const { exchange, routingKey, content, properties } = commandMessage(LAB, command);
      broker.channel.publish(exchange, routingKey, content, { persistent: true, ...properties });
    },
    ended: (commands) => ended(store, commands),
    claimed: (commands) => changed(store, commands, ({ status }) => status === 'Running'),
    hasWorkers: async (count) => {
      await waitUntil(async () => (await broker.workers()) >= count, {
        timeoutMs: 30_000,
        what: `${count} workers to take commands from the broker`,
      });
    },
  };
}

const JUST_ON: readonly Action[] = ['on'];

async function startHub(atEnd: AtEnd): Promise<RunningServer> {
  const state = tempDir();
  atEnd(() => state.remove());
  const accounts = new Map([[ACCOUNT.user, new Secret(ACCOUNT.password)]]);
  const hub = await startServer({ listen: '127.0.0.1:0', stateDir: state.path, accounts, log: silentLogger });
  atEnd(() => hub.stop());
  return hub;
}

function ended(store: Store, commands: readonly Command[]): Promise<void> {
  return changed(store, commands, (record) => {
    if (!hasEnded(record)) return false;
    if (record.status === 'Completed') return true;
    throw new Error(`a command ended badly: ${record.message ?? ''}`);
  });
}

/** Resolves once `hasHappened` was true for each of the commands, rejects when it throws. */
async function changed(
  { commands: stored }: Store,
  commands: readonly Command[],
  hasHappened: (record: CommandRecord) => boolean,
): Promise<void> {
  const open = new Set(commands.map(({ id }) => id));
  await new Promise<void>((resolve, reject) => {
    const unsubscribe = stored.subscribe((record) => {
      try {
        if (!open.has(record.command.id) || !hasHappened(record)) return;
      } catch (error) {
        reject(error);
        return;
      }
      open.delete(record.command.id);
      if (open.size > 0) return;
      unsubscribe();
      resolve();
    });
  });
}
