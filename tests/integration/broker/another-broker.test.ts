import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commandMessage } from '../../../src/broker/command-message.ts';
import { Publisher } from '../../../src/broker/publisher.ts';
import { commandTopology } from '../../../src/broker/topology.ts';
import { Secret } from '../../../src/secret.ts';
import type { Delivery } from '../../../src/delivery.ts';
import { startAmqpSource, type AmqpSource } from '../../../src/sources/amqp-source.ts';
import { amqpPeer } from '../../helpers/amqp-peer.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { recordingLogger, type LogLine } from '../../helpers/recording-logger.ts';
import { tempDir, type TempDir } from '../../helpers/temp-dir.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** GarageMQ stands for all brokers that are not RabbitMQ: it knows no queue types, no arguments and no dead-lettering. */
describe('with another broker, classic queues', () => {
  let dir: TempDir;
  let broker: ChildProcess;
  let url: string;
  let publisher: Publisher;
  let source: AmqpSource;
  let lines: LogLine[];
  let arrived: { id: number; delivery: Delivery }[];

  beforeEach(async () => {
    dir = tempDir();
    const port = await freePort();
    writeFileSync(dir.file('config.yaml'), garageConfig(port, await freePort(), dir.file('db')));
    broker = spawn('garagemq', ['--config', dir.file('config.yaml')], { stdio: 'ignore' });
    url = `amqp://guest:guest@127.0.0.1:${port}`;
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
    broker.kill('SIGKILL');
    if (broker.exitCode === null) await once(broker, 'exit');
    dir.remove();
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function garageConfig(port: number, adminPort: number, db: string): string {
  return `
proto: amqp-rabbit
users: [{ username: guest, password: 084e0343a0486ff05530df6c705c8bb4 }]
tcp: { ip: 127.0.0.1, port: ${port}, nodelay: true, readBufSize: 196608, writeBufSize: 196608 }
admin: { ip: 127.0.0.1, port: ${adminPort} }
queue: { shardSize: 8192, maxMessagesInRam: 131072 }
db: { defaultPath: ${db}, engine: badger }
vhost: { defaultPath: / }
security: { passwordCheck: md5 }
connection: { channelsMax: 4096, frameMaxSize: 65536 }
`;
}
