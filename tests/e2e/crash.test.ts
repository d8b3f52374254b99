import { describe, expect, it } from '@jest/globals';
import type { Death } from '../fixtures/e2e/dying-worker.ts';
import { DYING_WORKER } from '../helpers/dying-worker.ts';
import { isAlive } from '../helpers/is-alive.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** A death, and what is to become of the command: its end, and how often its script is started. */
type Case = [when: Death['when'], step: Death['step'], end: 'Completed' | 'Aborted', starts: number];

const REPEATABLE: Case[] = [
  ['before', 'claiming', 'Completed', 1],
  ['after', 'claiming', 'Completed', 1],
  ['before', 'claimed', 'Completed', 1],
  ['after', 'claimed', 'Completed', 1],
  ['before', 'started', 'Completed', 1],
  ['after', 'started', 'Completed', 1],
  ['before', 'runsIn', 'Completed', 2],
  ['after', 'runsIn', 'Completed', 2],
  ['before', 'ended', 'Completed', 2],
  ['after', 'ended', 'Completed', 1],
  ['before', 'told', 'Completed', 1],
  ['after', 'told', 'Completed', 1],
  ['before', 'forget', 'Completed', 1],
  ['after', 'forget', 'Completed', 1],
];

/** What may have had its effect must not have it twice: it is aborted. Before its start and from its end on there is no difference. */
const ONCE: Case[] = [
  ...REPEATABLE.slice(3, 5),
  ['after', 'started', 'Aborted', 0],
  ['before', 'runsIn', 'Aborted', 1],
  ['after', 'runsIn', 'Aborted', 1],
  ['before', 'ended', 'Aborted', 1],
  ['after', 'ended', 'Completed', 1],
];

describe('a worker that dies and is started again', () => {
  it.concurrent.each(REPEATABLE)(
    'runs `on` to its one end when it died right %s the journal had noted "%s"',
    async (when, step, end, starts) =>
      inLab(async (lab) => {
        await dieAt(lab, { when, step, nth: 1 }, 'on');
        await resume(lab, end);
        expect(lab.power.of(1, 'start')).toHaveLength(starts);
      }),
  );

  it.concurrent.each(ONCE)(
    'never repeats `interrupt` when it died right %s the journal had noted "%s"',
    async (when, step, end, starts) =>
      inLab(async (lab) => {
        await dieAt(lab, { when, step, nth: 1 }, 'interrupt');
        await resume(lab, end);
        expect(lab.power.of(1, 'start')).toHaveLength(starts);
      }),
  );

  it.concurrent.each([
    { when: 'after', step: 'claimed', nth: 1, end: 'Completed', modes: ['off', 'on'] },
    { when: 'after', step: 'started', nth: 1, end: 'Aborted', modes: [] },
    { when: 'after', step: 'runsIn', nth: 1, end: 'Aborted', modes: ['off'] },
    { when: 'before', step: 'onOwed', nth: 1, end: 'Aborted', modes: ['off'] },
    { when: 'after', step: 'onOwed', nth: 1, end: 'Completed', modes: ['off', 'on'] },
    { when: 'after', step: 'runsIn', nth: 2, end: 'Completed', modes: ['off', 'on', 'on'] },
    { when: 'before', step: 'ended', nth: 1, end: 'Completed', modes: ['off', 'on', 'on'] },
    { when: 'after', step: 'ended', nth: 1, end: 'Completed', modes: ['off', 'on'] },
  ] as const)(
    'never repeats the off of a `reboot`, and does what is left of it, when it died right $when "$step" number $nth',
    async ({ when, step, nth, end, modes }) =>
      inLab(async (lab) => {
        await dieAt(lab, { when, step, nth }, 'reboot');
        await resume(lab, end);
        expect(lab.power.of(1, 'start').map(({ mode }) => mode)).toEqual(modes);
      }),
  );
});

async function inLab(test: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = await openLab();
  try {
    await test(lab);
  } finally {
    await lab.close();
  }
}

/** Lets a worker run command 1 until it dies. A script that it leaves behind has begun and runs on. */
async function dieAt(lab: Lab, death: Death, action: string): Promise<void> {
  const leavesScript = death.step === 'runsIn';
  lab.queue({ id: 1, action, type: leavesScript && death.nth === 1 ? 'gated' : 'brief', address: 'pdu1' });
  const worker = lab.startWorker({}, { program: DYING_WORKER, env: { DIES: JSON.stringify(death) } });
  expect(await worker.exited).toBe('SIGKILL');
  if (leavesScript) await waitUntil(() => lab.power.of(1, 'start').length === death.nth);
}

/** Starts a worker where the other one died: command 1 ends so, the next on its controller runs, and nothing is left to do. */
async function resume(lab: Lab, end: string): Promise<void> {
  const leftBehind = lab.power.alive();
  lab.queue({ id: 2, address: 'pdu1' });
  const worker = lab.startWorker();
  await waitUntil(() => !leftBehind.some(isAlive), {
    timeoutMs: 30_000,
    what: 'the end of what was left behind',
  });
  lab.power.letThrough(1);
  await lab.untilEnded();
  expect(lab.hub.latest(1)?.status).toBe(end);
  expect(lab.hub.latest(2)?.status).toBe('Completed');
  expect(lab.violations()).toEqual([]);
  worker.signal('SIGTERM');
  expect(await worker.exited).toBe(0);
  expect(worker.logged('worker stopped')[0]).not.toHaveProperty('keptForTheNextStart');
}
