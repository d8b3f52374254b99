import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { commandMessage } from '../../../src/broker/command-message.ts';
import { Publisher } from '../../../src/broker/publisher.ts';
import { commandTopology } from '../../../src/broker/topology.ts';
import { Secret } from '../../../src/secret.ts';
import type { Delivery } from '../../../src/delivery.ts';
import { startAmqpSource, type AmqpSource } from '../../../src/sources/amqp-source.ts';
import { uniqueLab } from '../../helpers/amqp-peer.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { startRabbitMq, type RabbitMqNode } from '../../helpers/rabbitmq.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('through an outage of the broker itself', () => {
  let node: RabbitMqNode;
  let lab: string;
  let source: AmqpSource;
  let publisher: Publisher;
  let arrived: { id: number; delivery: Delivery }[];
  let ups: number;

  beforeAll(async () => {
    node = await startRabbitMq();
    await node.ready();
  }, 120_000);

  afterAll(async () => node.remove(), 60_000);

  beforeEach(async () => {
    [lab, arrived, ups] = [uniqueLab(), [], 0];
    const common = {
      urls: [new Secret(node.url)],
      heartbeatS: 10,
      probeIntervalMs: 2_000,
      backoff: { firstMs: 50, maxMs: 200 },
      topology: 'declare' as const,
      log: silentLogger,
    };
    const needs = commandTopology(lab, 'quorum');
    publisher = new Publisher({ ...common, connectionName: 'outage test', needs });
    source = startAmqpSource({
      ...common,
      lab,
      queueType: 'quorum',
      prefetch: 10,
      publisher,
      isBlocked: () => false,
      onCommand: ({ id }, delivery) => arrived.push({ id, delivery }),
      onUp: () => (ups += 1),
      onDown: () => {},
    });
    await waitUntil(() => ups > 0);
    await published(1);
    await waitUntil(() => arrived.length === 1);
  }, 60_000);

  afterEach(async () => {
    await source.close();
    await publisher.stop();
  });

  /** Publishes a command, again and again until the broker has confirmed it. */
  async function published(id: number): Promise<void> {
    const message = commandMessage(lab, powerCommand({ id }));
    const isConfirmed = async (): Promise<boolean> =>
      publisher.publish(message, { mandatory: true }).then(
        () => true,
        () => false,
      );
    await waitUntil(isConfirmed, { timeoutMs: 60_000, what: `command ${id} to be confirmed` });
  }

  it.each([
    ['restarted', async () => node.restart()],
    [
      'killed and started again',
      async () => {
        await node.kill();
        await node.restart();
      },
    ],
  ])(
    'a broker that is %s delivers what was not settled again, and what is new',
    async (_what, outage) => {
      await outage();
      await published(2);
      await waitUntil(() => [1, 2].every((id) => arrived.slice(1).some((one) => one.id === id)), {
        timeoutMs: 60_000,
      });
    },
    180_000,
  );

  it('a broker short of memory keeps publishers waiting, and still delivers and settles', async () => {
    await published(2);
    await waitUntil(() => arrived.length === 2);
    await node.ctl('set_vm_memory_high_watermark', 'absolute', '1MB');
    let isConfirmed = false;
    const waiting = publisher
      .publish(commandMessage(lab, powerCommand({ id: 3 })), { mandatory: true })
      .then(() => (isConfirmed = true));
    for (const { delivery } of arrived) delivery.acknowledge();
    const unsettled = async (): Promise<string> =>
      node.ctl('list_queues', 'name', 'messages', '--no-table-headers');
    await waitUntil(async () => (await unsettled()).includes(`beaker.commands.${lab}\t0`), {
      timeoutMs: 60_000,
    });
    expect(isConfirmed).toBe(false);
    expect(ups).toBe(1);
    await node.ctl('set_vm_memory_high_watermark', 'absolute', '2GB');
    await waiting;
    await waitUntil(() => arrived.some(({ id }) => id === 3));
  }, 120_000);
});
