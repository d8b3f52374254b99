import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commandMessage } from '../../../src/broker/command-message.ts';
import { Publisher } from '../../../src/broker/publisher.ts';
import { commandTopology } from '../../../src/broker/topology.ts';
import { Secret } from '../../../src/secret.ts';
import type { Delivery } from '../../../src/delivery.ts';
import { startAmqpSource, type AmqpSource } from '../../../src/sources/amqp-source.ts';
import { amqpPeer } from '../../helpers/amqp-peer.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { startGarageMq, type GarageMq } from '../../helpers/garagemq.ts';
import { recordingLogger, type LogLine } from '../../helpers/recording-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('with another broker, classic queues', () => {
  let broker: GarageMq;
  let url: string;
  let publisher: Publisher;
  let source: AmqpSource;
  let lines: LogLine[];
  let arrived: { id: number; delivery: Delivery }[];

  beforeEach(async () => {
    broker = await startGarageMq();
    url = broker.url;
    [lines, arrived] = [[], []];
    const common = {
      urls: [new Secret(url)],
      heartbeatS: 10,
      probeIntervalMs: 100,
      backoff: { firstMs: 20, maxMs: 100 },
      topology: 'declare' as const,
      log: recordingLogger(lines),
    };
    const needs = commandTopology('lab.test', 'classic');
    publisher = new Publisher({ ...common, connectionName: 'garage test', needs });
    source = startAmqpSource({
      ...common,
      lab: 'lab.test',
      queueType: 'classic',
      prefetch: 10,
      publisher,
      isBlocked: () => false,
      onCommand: ({ id }, delivery) => arrived.push({ id, delivery }),
      onUp: () => {},
      onDown: () => {},
    });
    await waitUntil(() => lines.filter(({ event }) => event === 'broker session up').length === 2);
  }, 30_000);

  afterEach(async () => {
    await source.close();
    await publisher.stop();
    await broker.remove();
  });

  it('takes, gives back, settles and buries, and stays up while probed', async () => {
    await publisher.publish(commandMessage('lab.test', powerCommand({ id: 1 })));
    await waitUntil(() => arrived.length === 1);
    arrived[0]?.delivery.giveBack();
    await waitUntil(() => arrived.length === 2);
    await arrived[1]?.delivery.reject('no such command');
    const peer = await amqpPeer(url);
    const dead = await waitUntil(() => peer.take('beaker.commands.lab.test.dead'));
    expect(dead.headers).toMatchObject({ 'x-beaker-reason': 'no such command' });
    await source.close();
    expect(await peer.depth('beaker.commands.lab.test')).toBe(0);
    await peer.close();
    expect(lines.map(({ event }) => event)).not.toContain('broker session ended');
  });
});
