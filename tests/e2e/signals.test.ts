import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { joinBroker, type LabBroker } from '../helpers/lab-broker.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { startTcpProxy } from '../helpers/tcp-proxy.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a worker that is told to stop', () => {
  let lab: Lab;
  let broker: LabBroker;

  beforeEach(async () => {
    [lab, broker] = await Promise.all([openLab(), joinBroker()]);
  }, 120_000);

  afterEach(async () => {
    await lab.close();
    await broker.close();
  });

  const started = (id: number): Promise<boolean> =>
    waitUntil(() => lab.power.of(id, 'start').length > 0, { timeoutMs: 30_000, what: `script of ${id}` });

  it('lets the script end, gives back what it has not claimed, and exits with 0', async () => {
    const worker = lab.startWorker(broker.settings);
    await worker.untilLogged('taking pushed commands');
    const commands = lab.queue(
      { id: 1, type: 'gated', address: 'pdu1' },
      { id: 2, address: 'pdu1' },
      { id: 3, delay: 60 },
    );
    await broker.publish(...commands);
    await started(1);
    await waitUntil(async () => (await broker.depth()) === 0);
    worker.signal('SIGTERM');
    await waitUntil(async () => (await broker.depth()) === 2, { timeoutMs: 30_000 });
    expect(lab.power.alive()).toHaveLength(1);
    lab.power.letThrough(1);
    expect(await worker.exited).toBe(0);
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Completed' });
    expect(lab.hub.latest(2)).toMatchObject({ status: 'Queued' });
    const other = lab.startWorker({ ...broker.settings, STATE_DIR: lab.files.file('other') });
    await lab.untilEnded(2);
    expect(lab.power.of(2, 'start')).toHaveLength(1);
    expect(other.logged('command started')).toHaveLength(1);
  });

  it('leaves to the next run what it has polled and not claimed', async () => {
    lab.queue({ id: 1, type: 'gated', address: 'pdu1' }, { id: 2, address: 'pdu1' });
    const worker = lab.startWorker();
    await started(1);
    worker.signal('SIGINT');
    await worker.untilLogged('worker stops');
    lab.queue({ id: 3 });
    lab.power.letThrough(1);
    expect(await worker.exited).toBe(0);
    expect([2, 3].map((id) => lab.hub.latest(id)?.status)).toEqual(['Queued', 'Queued']);
    lab.startWorker();
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
  });

  it('told twice, ends the scripts with all that they started, exits with 1, and the next run takes the commands up', async () => {
    lab.queue(
      { id: 1, action: 'off', type: 'gated' },
      { id: 2, action: 'interrupt', type: 'gated' },
      { id: 3, action: 'on', type: 'deaf' },
    );
    const worker = lab.startWorker();
    for (const id of [1, 2, 3]) await started(id);
    worker.signal('SIGTERM');
    await worker.untilLogged('worker stops');
    expect(lab.power.alive()).toHaveLength(3);
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(1);
    expect(lab.power.alive()).toEqual([]);
    expect([1, 2, 3].map((id) => lab.hub.latest(id)?.status)).toEqual(['Running', 'Running', 'Running']);
    lab.power.letThrough(1, 2, 3);
    lab.startWorker();
    await lab.untilEnded();
    expect([1, 3].map((id) => lab.hub.latest(id)?.status)).toEqual(['Completed', 'Completed']);
    expect(lab.hub.latest(2)).toMatchObject({
      status: 'Aborted',
      message: expect.stringMatching(/^The worker was stopped while interrupt was under way/),
    });
    expect(lab.violations()).toEqual([]);
  });

  it('never blames a system for a stop between two attempts', async () => {
    lab.queue({ id: 1, type: 'shut' });
    const worker = lab.startWorker({ POWER_ATTEMPTS: 3 });
    await worker.untilLogged('power script failed');
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Running' });
    lab.power.letThrough(1);
    lab.startWorker();
    await lab.untilEnded();
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Completed' });
    expect(lab.violations()).toEqual([]);
  });

  it('keeps an outcome that the hub, being away, has not taken, and delivers it after the next start', async () => {
    const proxy = await startTcpProxy(lab.hub);
    const settings = { HUB_URL: `http://127.0.0.1:${proxy.port}` };
    lab.queue({ id: 1, type: 'gated' });
    const worker = lab.startWorker(settings);
    await started(1);
    await proxy.set('refuse');
    lab.power.letThrough(1);
    await worker.untilLogged('outcome not delivered yet');
    worker.signal('SIGTERM');
    await worker.untilLogged('worker stops');
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(1);
    expect(worker.logged('worker stopped')).toMatchObject([{ keptForTheNextStart: 1 }]);
    lab.startWorker();
    await lab.untilEnded();
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Completed' });
    expect(lab.power.of(1, 'start')).toHaveLength(1);
    expect(lab.violations()).toEqual([]);
    await proxy.close();
  });
});
