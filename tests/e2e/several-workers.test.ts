import { cpSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCli, type CliProcess } from '../helpers/cli-process.ts';
import { joinBroker, type LabBroker } from '../helpers/lab-broker.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let lab: Lab;
let broker: LabBroker;
let workers: CliProcess[];

beforeEach(async () => {
  workers = [];
  lab = await openLab();
  broker = await joinBroker();
});

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  await lab.close();
  await broker.close();
});

function start(state: string, more: Record<string, string | number> = {}): CliProcess {
  const settings = { ...lab.settings({}, state), ...broker.settings, ...more };
  const worker = startCli(['worker'], { settings });
  workers.push(worker);
  return worker;
}

const runs = (id: number): Promise<unknown> =>
  waitUntil(() => lab.power.lines().some((line) => line.id === id && line.event === 'start'), {
    timeoutMs: 20_000,
    what: `the script of command ${id}`,
  });

const names = (body: Readonly<Record<string, unknown>>, id: number): boolean =>
  JSON.stringify(body['running']).includes(`"id":${id},`);

describe('two workers of one lab', () => {
  it('stay apart in a lane even when somebody publishes before its turn, and one says so', async () => {
    start('w1');
    start('w2', { FALLBACK_PRIMARY: 'False' });
    await Promise.all(workers.map((worker) => worker.untilLogged('taking pushed commands')));
    const commands = lab.queue(
      { id: 1, fqdn: 'sys1.lab.test', address: 'pdu', type: 'gated' },
      { id: 2, fqdn: 'sys2.lab.test', address: 'pdu' },
    );
    await broker.publish(commands[0]);
    await runs(1);
    await waitUntil(() => broker.announcements.some(({ body }) => names(body, 1)));
    await broker.publish(commands[1]);
    const warning = 'a command was pushed before its turn, and waits';
    await waitUntil(() => workers.some((worker) => worker.logged(warning).length > 0), { timeoutMs: 20_000 });
    expect(lab.power.of(2)).toEqual([]);
    lab.power.letThrough(1);
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
  });

  it('take up what they had when they come back within the grace, and nobody aborts it', async () => {
    start('w1', { ORPHAN_GRACE: 20, SLEEP_TIME: 1 });
    const second = start('w2', { FALLBACK_PRIMARY: 'False' });
    await Promise.all(workers.map((worker) => worker.untilLogged('taking pushed commands')));
    const commands = lab.queue(...[1, 2, 3, 4].map((id) => ({ id, type: 'gated' })));
    await broker.publish(...commands);
    await Promise.all([1, 2, 3, 4].map(runs));
    await second.kill();
    start('w2', { FALLBACK_PRIMARY: 'False' });
    lab.power.letThrough(1, 2, 3, 4);
    await lab.untilEnded();
    expect(lab.hub.history.filter(({ status }) => status === 'Aborted')).toEqual([]);
    expect(lab.violations()).toEqual([]);
  });

  it('leave what a lost worker ran to the fallback primary, which aborts it after the grace', async () => {
    const primary = start('w1', { ORPHAN_GRACE: 3, SLEEP_TIME: 1 });
    await primary.untilLogged('taking pushed commands');
    lab.queue({ id: 1 });
    lab.hub.claimForSomebody(1);
    await lab.untilEnded(1);
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Aborted', message: 'Command orphaned, aborting' });
  });

  it('of which one has a copy of the journal of the other are told so, and what the copy runs is no orphan', async () => {
    const former = start('w1');
    await former.untilLogged('taking pushed commands');
    await former.kill();
    cpSync(lab.files.file('w1'), lab.files.file('copy'), { recursive: true });
    const settings = { ORPHAN_GRACE: 3, SLEEP_TIME: 1, AMQP_PREFETCH: 1 };
    const original = start('w1', settings);
    await original.untilLogged('taking pushed commands');
    const copy = start('copy', { ...settings, FALLBACK_PRIMARY: 'False' });
    const said = await original.untilLogged('another worker has a copy of the journal');
    expect(said).toMatchObject({
      level: 'error',
      reason: expect.stringContaining(`:${copy.pid} has a copy of this worker's journal; stop it`),
    });
    await copy.untilLogged('taking pushed commands');
    const commands = lab.queue(...[1, 2, 3, 4].map((id) => ({ id, type: 'gated' })));
    await broker.publish(...commands);
    await Promise.all([1, 2, 3, 4].map(runs));
    expect(copy.logged('command started').length).toBeGreaterThan(0);
    lab.queue({ id: 5 });
    lab.hub.claimForSomebody(5);
    // Once the grace is over.
    await lab.untilEnded(5);
    lab.power.letThrough(1, 2, 3, 4);
    await lab.untilEnded();
    expect(lab.hub.history.filter(({ status }) => status === 'Aborted').map(({ id }) => id)).toEqual([5]);
  });
});
