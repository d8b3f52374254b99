import { createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Channel } from 'amqplib';
import { Supervisor, type SupervisorOptions } from '../../../src/broker/supervisor.ts';
import { LastGoodAddresses } from '../../../src/net/last-good-addresses.ts';
import { Secret } from '../../../src/secret.ts';
import { openDescriptors } from '../../helpers/open-descriptors.ts';
import { rabbitmq, type RabbitMq } from '../../helpers/rabbitmq.ts';
import { recordingLogger, type LogLine } from '../../helpers/recording-logger.ts';
import { startTcpProxy, type TcpProxy } from '../../helpers/tcp-proxy.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const backoff = { firstMs: 5, maxMs: 50 };

describe('supervisor of broker sessions', () => {
  let broker: RabbitMq;
  let proxy: TcpProxy;
  let supervisor: Supervisor | undefined;
  let lines: LogLine[];
  let channel: Channel | undefined;
  let ups: number;
  let downs: { reason: string; lastSignOfLifeAt: number }[];

  beforeEach(async () => {
    broker = await rabbitmq();
    proxy = await startTcpProxy({ port: broker.port });
    [lines, ups, downs, channel] = [[], 0, [], undefined];
  }, 120_000);

  afterEach(async () => {
    await supervisor?.stop();
    await proxy.close();
  });

  function supervise(overrides: Partial<SupervisorOptions> = {}): Supervisor {
    return new Supervisor({
      urls: [new Secret(`amqp://guest:guest@127.0.0.1:${proxy.port}`)],
      connectionName: 'supervisor test',
      heartbeatS: 60,
      probeIntervalMs: 5_000,
      backoff,
      log: recordingLogger(lines),
      setUp: async (session) => {
        const opened = await session.openChannel();
        channel = opened;
        return async () => {
          await opened.prefetch(1);
        };
      },
      onUp: () => (ups += 1),
      onDown: (reason, lastSignOfLifeAt) => downs.push({ reason, lastSignOfLifeAt }),
      ...overrides,
    });
  }

  async function untilUp(times: number): Promise<void> {
    await waitUntil(() => ups >= times, { what: `session ${times}` });
  }

  it('finds the broker at its last good address while the name service is away', async () => {
    let isAway = false;
    const addresses = new LastGoodAddresses({
      timeoutMs: 100,
      ask: (_name, _options, answer) => {
        if (!isAway) setImmediate(answer, null, [{ address: '127.0.0.1', family: 4 }]);
      },
    });
    supervisor = supervise({ urls: [new Secret(`amqp://guest:guest@broker.test:${proxy.port}`)], addresses });
    await untilUp(1);
    isAway = true;
    await proxy.set('reset');
    await waitUntil(() => downs.length === 1);
    await proxy.set('pass');
    await untilUp(2);
  });

  it.each(['reset', 'fin'] as const)('opens another session after a %s', async (fault) => {
    supervisor = supervise();
    await untilUp(1);
    await proxy.set(fault);
    await waitUntil(() => downs.length === 1);
    await proxy.set('pass');
    await untilUp(2);
    expect(downs).toHaveLength(1);
  });

  it('keeps trying while the broker is unreachable, telling each time, and reports no end of what never began', async () => {
    await proxy.set('refuse');
    supervisor = supervise();
    await waitUntil(() => lines.filter(({ event }) => event === 'no broker session').length >= 3);
    expect({ ups, downs }).toEqual({ ups: 0, downs: [] });
    await proxy.set('pass');
    await untilUp(1);
  });

  it('notices a silent broker by its probes, and knows when it was last heard of', async () => {
    const probeIntervalMs = 200;
    supervisor = supervise({ probeIntervalMs });
    await untilUp(1);
    const silentFrom = performance.now();
    await proxy.set('black-hole');
    await waitUntil(() => downs.length === 1);
    expect(performance.now() - silentFrom).toBeLessThan(5_000);
    expect(downs[0]?.reason).toMatch(/silent/);
    expect(downs[0]?.lastSignOfLifeAt).toBeLessThanOrEqual(silentFrom + 20);
    expect(downs[0]?.lastSignOfLifeAt).toBeGreaterThan(silentFrom - 2 * probeIntervalMs - 100);
  });

  it('stays up through many probes of a broker that answers', async () => {
    supervisor = supervise({ probeIntervalMs: 20 });
    await untilUp(1);
    const since = performance.now();
    await waitUntil(() => performance.now() - since > 500);
    expect(downs).toEqual([]);
  });

  it('gives up on a peer that accepts and never says a word', async () => {
    await proxy.set('black-hole');
    supervisor = supervise({ connectTimeoutMs: 100 });
    await waitUntil(() => lines.length > 0);
    expect(lines[0]?.facts['reason']).toMatch(/expected an AMQP handshake within 100 ms/);
    await waitUntil(() => proxy.accepted >= 2);
  });

  it('gives up on a set-up that never ends, and on the socket with it', async () => {
    supervisor = supervise({ connectTimeoutMs: 200, setUp: () => new Promise(() => {}) });
    await waitUntil(() => lines.length >= 2);
    expect(lines[0]?.facts['reason']).toMatch(/expected the set-up within 200 ms/);
    await waitUntil(() => proxy.live <= 1);
  });

  it('is not confused by a peer that speaks something else', async () => {
    const web = createServer((socket: Socket) =>
      socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
    const address = web.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    supervisor = supervise({ urls: [new Secret(`amqp://127.0.0.1:${port}`)] });
    await waitUntil(() => lines.length >= 2);
    web.close();
    expect(ups).toBe(0);
  });

  it('ends the session with any channel of it', async () => {
    supervisor = supervise();
    await untilUp(1);
    await expect(channel?.checkQueue('no such queue')).rejects.toThrow();
    await untilUp(2);
    expect(downs[0]?.reason).toMatch(/NOT[-_]FOUND/);
  });

  it('takes the next of several brokers when the first is dead', async () => {
    const dead = new Secret('amqp://127.0.0.1:1');
    supervisor = supervise({ urls: [dead, new Secret(broker.url)] });
    await untilUp(1);
    expect(lines[0]?.facts['broker']).toContain('127.0.0.1:1');
  });

  it.each([
    ['a wrong password', (port: number) => `amqp://guest:wr0ng-pass@127.0.0.1:${port}`, /user or password/],
    [
      'an unknown virtual host',
      (port: number) => `amqp://guest:guest@127.0.0.1:${port}/nowhere`,
      /virtual host/,
    ],
  ])('retries %s slowly, with a clear error and without the password', async (_what, url, reason) => {
    supervisor = supervise({ urls: [new Secret(url(proxy.port))], refusedMs: 60_000 });
    await waitUntil(() => lines.length > 0);
    expect(lines[0]).toMatchObject({ level: 'error', event: 'broker refuses us' });
    expect(lines[0]?.facts['reason']).toMatch(reason);
    expect(lines[0]?.facts['retryInMs']).toBeGreaterThanOrEqual(45_000);
    expect(JSON.stringify(lines)).not.toMatch(/wr0ng-pass|guest:guest/);
    expect(proxy.accepted).toBe(1);
  });

  it('stops at once, whether up, waiting to try again, or connecting', async () => {
    const stopsQuickly = async (stopping: Supervisor): Promise<void> => {
      const from = performance.now();
      await stopping.stop();
      expect(performance.now() - from).toBeLessThan(8_000);
    };
    const up = supervise();
    await untilUp(1);
    await stopsQuickly(up);
    await proxy.set('black-hole');
    const connecting = supervise();
    await waitUntil(() => proxy.live > 0);
    await stopsQuickly(connecting);
    await proxy.set('refuse');
    const waiting = supervise({ backoff: { firstMs: 60_000, maxMs: 60_000 } });
    await waitUntil(() => lines.some(({ event }) => event === 'no broker session'));
    await stopsQuickly(waiting);
    expect(downs).toEqual([]);
  });

  it('stops in time though the broker has gone silent', async () => {
    supervisor = supervise();
    await untilUp(1);
    await proxy.set('black-hole');
    const from = performance.now();
    await supervisor.stop();
    expect(performance.now() - from).toBeLessThan(8_000);
  });

  it('leaves nothing behind of fifty sessions', async () => {
    supervisor = supervise({ backoff: { firstMs: 1, maxMs: 2 } });
    await untilUp(1);
    await waitUntil(() => proxy.live === 1);
    const before = { descriptors: openDescriptors(), timers: timers() };
    for (let session = ups; session < 55; session = ups) {
      await proxy.set('reset');
      await waitUntil(() => downs.length >= session);
      await proxy.set('pass');
      await untilUp(session + 1);
    }
    await waitUntil(() => proxy.live === 1);
    expect(openDescriptors()).toBeLessThanOrEqual(before.descriptors + 2);
    expect(timers()).toBeLessThanOrEqual(before.timers + 2);
  }, 60_000);
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}
