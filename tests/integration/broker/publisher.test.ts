import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { OutgoingMessage } from '../../../src/broker/outgoing-message.ts';
import { Publisher, type PublisherOptions } from '../../../src/broker/publisher.ts';
import { labTopology } from '../../../src/broker/topology.ts';
import { Secret } from '../../../src/secret.ts';
import { amqpPeer, uniqueLab, type AmqpPeer } from '../../helpers/amqp-peer.ts';
import { rabbitmq, type RabbitMq } from '../../helpers/rabbitmq.ts';
import { recordingLogger, type LogLine } from '../../helpers/recording-logger.ts';
import { startTcpProxy, type TcpProxy } from '../../helpers/tcp-proxy.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('publisher', () => {
  let broker: RabbitMq;
  let proxy: TcpProxy;
  let peer: AmqpPeer;
  let queue: string;
  let publisher: Publisher;
  let lines: LogLine[];

  beforeEach(async () => {
    broker = await rabbitmq();
    proxy = await startTcpProxy({ port: broker.port });
    peer = await amqpPeer();
    queue = uniqueLab();
    lines = [];
    await peer.channel.assertQueue(queue, { durable: true });
  }, 120_000);

  afterEach(async () => {
    await publisher.stop();
    await proxy.close();
    await peer.channel.deleteQueue(queue);
    await peer.close();
  });

  async function start(overrides: Partial<PublisherOptions> = {}): Promise<Publisher> {
    publisher = new Publisher({
      urls: [new Secret(`amqp://127.0.0.1:${proxy.port}`)],
      connectionName: 'publisher test',
      heartbeatS: 60,
      probeIntervalMs: 10_000,
      backoff: { firstMs: 5, maxMs: 50 },
      topology: 'declare',
      needs: labTopology,
      log: recordingLogger(lines),
      ...overrides,
    });
    await waitUntil(() => lines.length > 0);
    return publisher;
  }

  function message(body: string, routingKey = queue, exchange = ''): OutgoingMessage {
    return { exchange, routingKey, content: Buffer.from(body), properties: { messageId: 'same for all' } };
  }

  async function bodies(count: number): Promise<string[]> {
    await waitUntil(async () => (await peer.depth(queue)) >= count, { what: `${count} messages` });
    const found: string[] = [];
    for (let next = await peer.take(queue); next; next = await peer.take(queue)) found.push(next.body);
    return found;
  }

  it('resolves once the broker has the message', async () => {
    await start();
    await publisher.publish(message('one'), { mandatory: true });
    expect(await peer.depth(queue)).toBe(1);
  });

  it('tells the messages that reached a queue from those that reached none, in the midst of many', async () => {
    await start();
    const keys = Array.from({ length: 200 }, (_, n) => (n % 3 === 0 ? 'no such queue' : queue));
    const outcomes = await Promise.allSettled(
      keys.map((key) => publisher.publish(message('x', key), { mandatory: true })),
    );
    const unroutable = outcomes.map((outcome) =>
      outcome.status === 'rejected' ? nameOf(outcome.reason) : 'ok',
    );
    expect(unroutable).toEqual(keys.map((key) => (key === queue ? 'ok' : 'UnroutableError')));
  });

  it('does not mind a message that nobody wants, unless it is mandatory', async () => {
    await start();
    await expect(publisher.publish(message('x', 'no such queue'))).resolves.toBeUndefined();
  });

  it('rejects at once while there is no session', async () => {
    await proxy.set('refuse');
    await start();
    await expect(publisher.publish(message('x'))).rejects.toMatchObject({ name: 'UnconfirmedError' });
  });

  it('rejects what is on its way when the connection drops: the outcome is unknown', async () => {
    await start();
    await publisher.publish(message('arrives'));
    await proxy.set('black-hole');
    const lost = publisher.publish(message('who knows'));
    await proxy.set('reset');
    await expect(lost).rejects.toMatchObject({ name: 'UnconfirmedError' });
  });

  it('rejects what is on its way to an exchange that does not exist, and lives on', async () => {
    await start();
    await expect(publisher.publish(message('x', 'k', 'no such exchange'))).rejects.toThrow(/not confirmed/);
    await waitUntil(async () =>
      publisher.publish(message('later')).then(
        () => true,
        () => false,
      ),
    );
  });

  it('sends what was offered while the broker was away, in order', async () => {
    await proxy.set('refuse');
    await start();
    for (let n = 0; n < 250; n += 1) publisher.offer(message(String(n)));
    await proxy.set('pass');
    expect(await bodies(250)).toEqual(Array.from({ length: 250 }, (_, n) => String(n)));
  });

  it('keeps no more offers than its outbox holds, dropping the oldest with a warning', async () => {
    await proxy.set('refuse');
    await start({ outboxLimit: 3 });
    for (let n = 0; n < 5; n += 1) publisher.offer(message(String(n)));
    await proxy.set('pass');
    expect(await bodies(3)).toEqual(['2', '3', '4']);
    expect(lines.filter(({ event }) => event === 'outbox is full, oldest messages dropped')).toHaveLength(2);
  });

  it('offers again what a dropped connection left unconfirmed', async () => {
    await start();
    await proxy.set('black-hole');
    publisher.offer(message('kept'));
    await proxy.set('reset');
    await proxy.set('pass');
    expect(await bodies(1)).toContain('kept');
  });

  it('gives up on an offer that kills the session each time, and delivers the others', async () => {
    await start();
    publisher.offer(message('poison', 'k', 'no such exchange'));
    publisher.offer(message('good'));
    expect(await bodies(1)).toContain('good');
    expect(lines).toContainEqual(expect.objectContaining({ event: 'message dropped' }));
  });

  it('sends what is in the outbox before it stops', async () => {
    await start();
    for (let n = 0; n < 20; n += 1) publisher.offer(message(String(n)));
    await publisher.stop();
    expect(await bodies(20)).toHaveLength(20);
  });
});

function nameOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'name' in error ? error.name : error;
}
