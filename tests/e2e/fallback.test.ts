import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CliProcess } from '../helpers/cli-process.ts';
import { joinBroker, type LabBroker } from '../helpers/lab-broker.ts';
import { openLab, type Lab, type LabCommand } from '../helpers/lab.ts';
import { rabbitmq } from '../helpers/rabbitmq.ts';
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a worker whose broker comes and goes', () => {
  let lab: Lab;
  let proxy: TcpProxy;
  let broker: LabBroker;

  beforeEach(async () => {
    proxy = await startTcpProxy(await rabbitmq());
    const through = `amqp://127.0.0.1:${proxy.port}`;
    [lab, broker] = await Promise.all([openLab(), joinBroker({ through })]);
  }, 120_000);

  afterEach(async () => {
    await lab.close();
    await broker.close();
    await proxy.close();
  });

  const start = (more: Record<string, number> = {}): CliProcess =>
    lab.startWorker({
      ...broker.settings,
      AMQP_FALLBACK_DELAY: 1,
      SLEEP_TIME: 0.3,
      RECONCILE_INTERVAL: 3600,
      ...more,
    });

  const push = (...commands: readonly LabCommand[]): Promise<void> =>
    broker.publish(...lab.queue(...commands));

  const modes = (worker: CliProcess): string[] =>
    worker
      .logged()
      .map(({ event }) => event)
      .filter((event) => event === 'taking pushed commands' || event === 'broker is away, polling the hub');

  it('polls when the broker cannot be reached at the start, until it can', async () => {
    await proxy.set('refuse');
    lab.queue({ id: 1, type: 'gated', address: 'pdu1' }, { id: 2, address: 'pdu1' }, { id: 3 });
    const worker = start();
    await lab.untilEnded(3);
    await waitUntil(() => lab.power.of(1, 'start').length === 1);
    await proxy.set('pass');
    // Command 2, which it has polled but not claimed, is the broker's again; there it is not, so that the next look finds it.
    await worker.untilLogged('polled commands forgotten, the broker has them');
    lab.power.letThrough(1);
    await push({ id: 4, address: 'bmc4' });
    await lab.untilEnded();
    expect(modes(worker)).toEqual(['broker is away, polling the hub', 'taking pushed commands']);
    expect(lab.violations()).toEqual([]);
  });

  it('polls soon when the broker falls silent, and takes pushed commands when it is back', async () => {
    const worker = start();
    await worker.untilLogged('taking pushed commands');
    await push({ id: 1, type: 'gated', address: 'pdu1' }, { id: 2, address: 'pdu1' });
    await waitUntil(() => lab.power.of(1, 'start').length === 1);
    await proxy.set('black-hole');
    const silentFrom = performance.now();
    await worker.untilLogged('broker is away, polling the hub');
    // A probe goes out once a second, and has a second to come back; missed heartbeats would take longer than all that.
    expect(performance.now() - silentFrom).toBeLessThan(15_000);
    lab.queue({ id: 3 });
    await lab.untilEnded(3);
    await proxy.set('pass');
    await worker.untilLogged('taking pushed commands', 2);
    lab.power.letThrough(1);
    await push({ id: 4, address: 'pdu1' });
    await lab.untilEnded();
    expect(modes(worker)).toEqual([
      'taking pushed commands',
      'broker is away, polling the hub',
      'taking pushed commands',
    ]);
    expect(lab.violations()).toEqual([]);
  });

  it('does not poll for a broker that is back in time, however often that happens', async () => {
    const worker = start({ AMQP_FALLBACK_DELAY: 10 });
    await worker.untilLogged('taking pushed commands');
    await push(
      { id: 1, type: 'gated', address: 'pdu1' },
      { id: 2, address: 'pdu1' },
      { id: 3, address: 'pdu1' },
    );
    await waitUntil(() => lab.power.of(1, 'start').length === 1);
    for (let flap = 1; flap <= 3; flap += 1) {
      await proxy.set('reset');
      await proxy.set('pass');
      await waitUntil(() => worker.logged('broker session up').length >= 2 * (flap + 1), {
        timeoutMs: 30_000,
      });
    }
    lab.power.letThrough(1);
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
    expect(modes(worker)).toEqual(['taking pushed commands']);
  });

  it('keeps the answer that it owes until the broker is back', async () => {
    const worker = start();
    await worker.untilLogged('taking pushed commands');
    const [command] = lab.queue({ id: 1, type: 'gated' });
    await broker.ask(command, 'c1');
    await waitUntil(() => lab.power.of(1, 'start').length === 1);
    await proxy.set('refuse');
    lab.power.letThrough(1);
    await lab.untilEnded();
    await worker.untilLogged('answer not delivered yet');
    expect(broker.replies).toEqual([]);
    await proxy.set('pass');
    const reply = await waitUntil(() => broker.replies[0], { timeoutMs: 30_000 });
    expect(reply).toMatchObject({ correlationId: 'c1', body: { id: 1, status: 'completed' } });
  });
});
