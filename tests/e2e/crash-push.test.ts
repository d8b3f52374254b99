import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Death } from '../fixtures/e2e/dying-worker.ts';
import { DYING_WORKER } from '../helpers/dying-worker.ts';
import { joinBroker, type LabBroker } from '../helpers/lab-broker.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a worker that dies with a pushed command', () => {
  let lab: Lab;
  let broker: LabBroker;

  beforeEach(async () => {
    [lab, broker] = await Promise.all([openLab(), joinBroker()]);
  }, 120_000);

  afterEach(async () => {
    await lab.close();
    await broker.close();
  });

  async function askAndDie(type: 'gated' | 'quick', death: Death): Promise<void> {
    const env = { DIES: JSON.stringify(death) };
    const worker = lab.startWorker(broker.settings, { program: DYING_WORKER, env });
    await worker.untilLogged('taking pushed commands');
    const [command] = lab.queue({ id: 1, action: 'interrupt', type });
    await broker.ask(command, 'c1');
    expect(await worker.exited).toBe('SIGKILL');
  }

  function expectOneAnswer(): void {
    expect(broker.replies).toMatchObject([{ correlationId: 'c1', body: { id: 1, status: 'completed' } }]);
    expect(lab.violations()).toEqual([]);
  }

  it.each<[Death['when'], Death['step']]>([
    ['before', 'claiming'],
    ['after', 'claiming'],
    ['before', 'claimed'],
    ['after', 'claimed'],
  ])('runs it once and answers it once, though it is delivered again, right %s "%s"', async (when, step) => {
    await askAndDie('gated', { when, step, nth: 1 });
    const worker = lab.startWorker(broker.settings);
    await worker.untilLogged('taking pushed commands');
    await waitUntil(async () => lab.power.of(1, 'start').length === 1 && (await broker.depth()) === 0);
    lab.power.letThrough(1);
    await lab.untilEnded();
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(await broker.depth()).toBe(0);
    expectOneAnswer();
  });

  it.each<[Death['when'], Death['step']]>([
    ['after', 'ended'],
    ['after', 'told'],
  ])('gives the answer that it owes, right %s "%s"', async (when, step) => {
    await askAndDie('quick', { when, step, nth: 1 });
    lab.startWorker(broker.settings);
    await waitUntil(() => broker.replies.length > 0, { timeoutMs: 30_000 });
    await lab.untilEnded();
    expectOneAnswer();
  });
});
