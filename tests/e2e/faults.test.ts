import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CliProcess } from '../helpers/cli-process.ts';
import { joinBroker, type LabBroker } from '../helpers/lab-broker.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { rabbitmq } from '../helpers/rabbitmq.ts';
import { startTcpProxy, type Fault, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** To see a run again: BEAKER_TEST_SEED=… */
const seed = Number(process.env['BEAKER_TEST_SEED'] ?? Date.now() % 1_000_000);

const command = fc.record({
  system: fc.integer({ min: 1, max: 12 }),
  action: fc.constantFrom('on', 'off', 'interrupt'),
  type: fc.constantFrom('quick', 'brief'),
});

const trouble = fc.record({
  // Cut answers are lost after the hub has acted.
  fault: fc.constantFrom<Fault>(
    'reset',
    'fin',
    'refuse',
    'black-hole',
    { cutAfterBytes: 10, of: 'requests' },
    { cutAfterBytes: 10, of: 'answers' },
    { cutAfterBytes: 300, of: 'answers' },
    { sliceBytes: 3 },
    { delayMs: 50 },
  ),
  lastsMs: fc.integer({ min: 20, max: 400 }),
  thenPeaceMs: fc.integer({ min: 20, max: 400 }),
});

type Trouble = typeof trouble extends fc.Arbitrary<infer T> ? T : never;

describe(`a worker between a hub and a broker that fail (seed ${seed})`, () => {
  let lab: Lab;
  let broker: LabBroker;
  let hubProxy: TcpProxy;
  let brokerProxy: TcpProxy;
  let worker: CliProcess;

  beforeEach(async () => {
    lab = await openLab();
    brokerProxy = await startTcpProxy(await rabbitmq());
    hubProxy = await startTcpProxy(lab.hub);
    broker = await joinBroker({ through: `amqp://127.0.0.1:${brokerProxy.port}` });
    worker = lab.startWorker({
      ...broker.settings,
      HUB_URL: `http://127.0.0.1:${hubProxy.port}`,
      AMQP_FALLBACK_DELAY: 1,
      AMQP_PREFETCH: 20,
      SLEEP_TIME: 0.5,
      RECONCILE_INTERVAL: 2,
    });
    await worker.untilLogged('taking pushed commands');
  }, 120_000);

  afterEach(async () => {
    await lab.close();
    await broker.close();
    await Promise.all([hubProxy.close(), brokerProxy.close()]);
  });

  /** Sixty commands for twelve systems on four controllers, queued and pushed in their order, a few at a time. */
  async function load(): Promise<void> {
    const commands = fc.sample(command, { seed, numRuns: 60 }).map(({ system, ...rest }, index) => ({
      id: index + 1,
      fqdn: `sys${system}.lab.test`,
      address: `pdu${system % 4}`,
      ...rest,
    }));
    for (let at = 0; at < commands.length; at += 3) {
      await broker.publish(...lab.queue(...commands.slice(at, at + 3)));
      await sleep(250);
    }
  }

  /** Lets what is behind the proxy fail again and again, until the signal; `peace` stretches the times between. */
  async function disturb(
    proxy: TcpProxy,
    { troubles, peace }: { troubles: readonly Trouble[]; peace: number },
    signal: AbortSignal,
  ): Promise<void> {
    for (const { fault, lastsMs, thenPeaceMs } of troubles) {
      if (signal.aborted) return;
      await proxy.set(fault);
      await sleep(lastsMs);
      await proxy.set('pass');
      await sleep(thenPeaceMs * peace);
    }
  }

  it('runs every command once and in order, has every outcome accepted, and leaks nothing', async () => {
    lab.queue({ id: 1000 });
    await lab.untilEnded();
    const descriptors = worker.descriptors();
    const over = new AbortController();
    const troubles = fc.sample(trouble, { seed, numRuns: 400 });
    await Promise.all([
      load().finally(() => over.abort()),
      disturb(hubProxy, { troubles: troubles.slice(0, 200), peace: 1 }, over.signal),
      // Sessions take longer to come back than calls do.
      disturb(brokerProxy, { troubles: troubles.slice(200), peace: 4 }, over.signal),
    ]);
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
    expect(worker.logged('unhandled error, the process ends')).toEqual([]);
    expect(worker.stderr).not.toContain('MaxListenersExceededWarning');
    // Connections to the hub that nobody uses are closed after some seconds.
    await waitUntil(() => worker.descriptors() <= descriptors, {
      timeoutMs: 30_000,
      what: 'no more descriptors than before',
    });
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
    // What polling brought is still at the broker, unless push was back by then; it must not run again.
    lab.startWorker({ ...broker.settings, AMQP_URL: broker.url });
    await waitUntil(async () => (await broker.depth()) === 0, { timeoutMs: 30_000 });
    expect(lab.violations()).toEqual([]);
  }, 120_000);
});
