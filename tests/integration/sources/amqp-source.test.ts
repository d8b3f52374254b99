import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commandMessage } from '../../../src/broker/command-message.ts';
import { Publisher } from '../../../src/broker/publisher.ts';
import { commandTopology } from '../../../src/broker/topology.ts';
import type { Command } from '../../../src/command.ts';
import { Secret } from '../../../src/secret.ts';
import type { Delivery } from '../../../src/delivery.ts';
import {
  startAmqpSource,
  type AmqpSource,
  type AmqpSourceOptions,
} from '../../../src/sources/amqp-source.ts';
import { amqpPeer, uniqueLab, type AmqpPeer } from '../../helpers/amqp-peer.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { rabbitmq, type RabbitMq } from '../../helpers/rabbitmq.ts';
import { recordingLogger, type LogLine } from '../../helpers/recording-logger.ts';
import { startTcpProxy, type TcpProxy } from '../../helpers/tcp-proxy.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('AMQP source', () => {
  let broker: RabbitMq;
  let proxy: TcpProxy;
  let peer: AmqpPeer;
  let source: AmqpSource;
  let publisher: Publisher;
  let lab: string;
  let arrived: { command: Command; delivery: Delivery }[];
  let lines: LogLine[];
  let ups: number;
  let downs: string[];

  beforeEach(async () => {
    broker = await rabbitmq();
    proxy = await startTcpProxy({ port: broker.port });
    peer = await amqpPeer();
    lab = uniqueLab();
    [arrived, lines, ups, downs] = [[], [], 0, []];
  }, 120_000);

  afterEach(async () => {
    await source.close();
    await publisher.stop();
    await proxy.close();
    await peer.channel.deleteQueue(queue());
    await peer.channel.deleteQueue(`${queue()}.dead`);
    await peer.close();
  });

  function queue(): string {
    return `beaker.commands.${lab}`;
  }

  async function start(overrides: Partial<AmqpSourceOptions> = {}): Promise<void> {
    const common = {
      caCert: undefined,
      heartbeatS: 60,
      probeIntervalMs: 300,
      backoff: { firstMs: 5, maxMs: 50 },
      log: recordingLogger(lines),
      topology: 'declare' as const,
    };
    const needs = commandTopology(lab, 'classic');
    publisher = new Publisher({
      ...common,
      urls: [new Secret(broker.url)],
      connectionName: 'source test',
      needs,
    });
    source = startAmqpSource({
      ...common,
      urls: [new Secret(`amqp://127.0.0.1:${proxy.port}`)],
      lab,
      queueType: 'classic',
      prefetch: 10,
      publisher,
      isBlocked: () => false,
      onCommand: (command, delivery) => arrived.push({ command, delivery }),
      onUp: () => (ups += 1),
      onDown: (reason) => downs.push(reason),
      ...overrides,
    });
    await waitUntil(
      () => ups === 1 && lines.filter(({ event }) => event === 'broker session up').length === 2,
    );
  }

  function send(
    id: number,
    {
      fqdn = `sys${id}.test`,
      ...properties
    }: { fqdn?: string; replyTo?: string; correlationId?: string } = {},
  ): void {
    const {
      exchange,
      routingKey,
      content,
      properties: own,
    } = commandMessage(lab, powerCommand({ id, fqdn }));
    peer.channel.publish(exchange, routingKey, content, { ...own, ...properties });
  }

  function sendRaw(body: string | Buffer, properties: object = {}): void {
    peer.channel.publish('beaker.commands', `beaker.Command.${lab}`, Buffer.from(body), properties);
  }

  async function arrivals(count: number): Promise<Delivery[]> {
    await waitUntil(() => arrived.length >= count, { what: `${count} commands` });
    return arrived.map(({ delivery }) => delivery);
  }

  function ids(): number[] {
    return arrived.map(({ command }) => command.id);
  }

  /** What the broker still has when everything of ours is gone: nothing, if all was settled. */
  async function leftOver(): Promise<number> {
    await source.close();
    return peer.depth(queue());
  }

  it('hands over each command with where its sender wants the answer', async () => {
    await start();
    send(1, { replyTo: 'answers', correlationId: 'c9' });
    send(2);
    const [first, second] = await arrivals(2);
    expect(arrived[0]?.command).toMatchObject({ id: 1, action: 'on', fqdn: 'sys1.test' });
    expect(first?.reply).toEqual({ replyTo: 'answers', correlationId: 'c9' });
    expect(second?.reply).toBeUndefined();
  });

  it('settles a message when its claim is decided, and what is not decided comes again', async () => {
    await start();
    send(1);
    send(2);
    const [first] = await arrivals(2);
    first?.acknowledge();
    expect(await leftOver()).toBe(1);
  });

  it('settles once: what is said later about the same message is not heard', async () => {
    await start();
    send(1);
    const [first] = await arrivals(1);
    first?.acknowledge();
    first?.acknowledge();
    first?.giveBack();
    await first?.reject('too late');
    send(2);
    await arrivals(2);
    expect(ups).toBe(1);
    expect(await peer.depth(`${queue()}.dead`)).toBe(0);
  });

  it('gives a command back to the queue', async () => {
    await start();
    send(1);
    const [first] = await arrivals(1);
    first?.giveBack();
    await arrivals(2);
    expect(ids()).toEqual([1, 1]);
  });

  it('puts a rejected command among the dead letters, as it came, with the reason', async () => {
    await start();
    send(5, { replyTo: 'answers' });
    const [first] = await arrivals(1);
    await first?.reject('the hub knows no such command');
    const dead = await peer.take(`${queue()}.dead`);
    expect(dead).toMatchObject({
      messageId: `${lab}/5`,
      headers: {
        'x-beaker-reason': 'the hub knows no such command',
        'x-beaker-exchange': 'beaker.commands',
        'x-beaker-routing-key': `beaker.Command.${lab}`,
      },
    });
    expect(JSON.parse(dead?.body ?? '')).toMatchObject({ id: 5, lab });
    expect(await leftOver()).toBe(0);
  });

  it.each([
    ['no JSON', 'not json', /expected JSON/],
    ['an invalid command', '{"id": -1}', /id/],
    ["another lab's command", '{"lab":"elsewhere","id":1,"action":"clear_logs","fqdn":"a"}', /lab: expected/],
    ['too much', Buffer.alloc(1024 * 1024 + 1, 32), /at most 1048576 bytes/],
  ])('puts %s among the dead letters and goes on', async (_what, body, reason) => {
    await start();
    sendRaw(body, { headers: { mine: 'kept' }, expiration: '60000' });
    send(2);
    await arrivals(1);
    const dead = await waitUntil(() => peer.take(`${queue()}.dead`));
    expect(dead.headers).toMatchObject({ mine: 'kept', 'x-beaker-reason': expect.stringMatching(reason) });
    expect(dead.body).toBe(body.toString());
    expect(ids()).toEqual([2]);
  });

  it('names the commands among the dead letters, which are told of one by one', async () => {
    await start();
    sendRaw('{"id": 7, "action": "dance", "fqdn": "a"}');
    sendRaw('{"id": 8, "action": "dance", "fqdn": "a"}');
    const said = (): unknown[] =>
      lines.filter(({ event }) => event === 'message put among the dead letters').map(({ facts }) => facts);
    await waitUntil(() => said().length === 2);
    expect(said()).toMatchObject([{ id: 7 }, { id: 8 }]);
  });

  it('keeps an invalid message, without hurry, when the dead letters do not take it', async () => {
    await start({ buryRetryMs: 200 });
    await peer.channel.deleteQueue(`${queue()}.dead`);
    sendRaw('not json');
    const failures = (): number =>
      lines.filter(({ event }) => event === 'message cannot be put among the dead letters').length;
    const from = performance.now();
    await waitUntil(() => failures() >= 3);
    expect(performance.now() - from).toBeGreaterThan(390);
    await peer.channel.assertQueue(`${queue()}.dead`, { durable: true });
    await waitUntil(() => peer.take(`${queue()}.dead`));
  });

  it('gets a command again after the connection died, and its old delivery does no harm', async () => {
    await start();
    send(1);
    const [stale] = await arrivals(1);
    await proxy.set('reset');
    await waitUntil(() => downs.length === 1);
    await proxy.set('pass');
    const [, fresh] = await arrivals(2);
    stale?.acknowledge();
    stale?.giveBack();
    send(2);
    await arrivals(3);
    expect(ids()).toEqual([1, 1, 2]);
    expect(ups).toBe(2);
    fresh?.acknowledge();
    expect(await leftOver()).toBe(1);
  });

  it('opens another session, and declares again, when its queue is deleted', async () => {
    await start();
    await peer.channel.deleteQueue(queue());
    await waitUntil(() => ups === 2);
    expect(downs[0]).toMatch(/ended our consumer/);
    send(1);
    await arrivals(1);
  });

  it('opens another session when its connection is closed by an administrator', async () => {
    await start();
    const connections = await broker.ctl('list_connections', 'pid', 'client_properties');
    const [pid] =
      connections
        .split('\n')
        .find((line) => line.includes(`worker ${lab}`))
        ?.split('\t') ?? [];
    await broker.ctl('close_connection', String(pid), 'maintenance');
    await waitUntil(() => ups === 2);
    expect(downs[0]).toMatch(/maintenance/);
    send(1);
    await arrivals(1);
  });

  it('is down soon when the broker falls silent, and up again when it is back', async () => {
    await start();
    await proxy.set('black-hole');
    const from = performance.now();
    await waitUntil(() => downs.length === 1);
    expect(performance.now() - from).toBeLessThan(5_000);
    await proxy.set('pass');
    await waitUntil(() => ups === 2);
  });

  it('does not let a backlog for one busy system hold up an idle one', async () => {
    const isBusy = (id: number): boolean => id > 1 && id <= 50;
    await start({ prefetch: 10, isBlocked: isBusy });
    for (let id = 1; id <= 50; id += 1) send(id, { fqdn: 'busy.test' });
    send(51, { fqdn: 'idle.test' });
    await waitUntil(() => ids().includes(51));
    expect(ids()).toEqual(Array.from({ length: 51 }, (_, n) => n + 1));
  });

  it('takes no more than its prefetch while nothing is blocked', async () => {
    await start({ prefetch: 10 });
    for (let id = 1; id <= 30; id += 1) send(id);
    await peer.channel.waitForConfirms();
    await arrivals(10);
    expect(await peer.depth(queue())).toBe(20);
    expect(ids()).toHaveLength(10);
  });

  it('gives back what stays undecided for too long, so that the broker does not lose patience', async () => {
    await start({ holdLimitMs: 100 });
    send(1);
    await arrivals(2);
    expect(ids().slice(0, 2)).toEqual([1, 1]);
    expect(ups).toBe(1);
  });

  it('paused, takes nothing new but still settles what is here', async () => {
    await start();
    send(1);
    send(2);
    const [first, second] = await arrivals(2);
    await source.pause();
    send(3);
    await peer.channel.waitForConfirms();
    first?.acknowledge();
    second?.giveBack();
    await waitUntil(async () => (await peer.depth(queue())) === 2);
    expect(ids()).toEqual([1, 2]);
    expect(await leftOver()).toBe(2);
    expect(downs).toEqual([]);
  });
});
