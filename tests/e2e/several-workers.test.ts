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

const runs = (id: number): Promise<void> =>
  waitUntil(() => lab.power.lines().some((line) => line.id === id && line.event === 'start'), {
    timeoutMs: 20_000,
    what: `the script of command ${id}`,
  });

describe('two workers of one lab', () => {
  it('stay apart in a lane even when somebody publishes before its turn, and one says so', async () => {
    const [first, second] = [start('w1'), start('w2', { FALLBACK_PRIMARY: 'False' })];
    await Promise.all([first, second].map((worker) => worker.untilLogged('taking pushed commands')));
    const commands = lab.queue(
      { id: 1, fqdn: 'sys1.lab.test', address: 'pdu', type: 'slow' },
      { id: 2, fqdn: 'sys2.lab.test', address: 'pdu' },
    );
    await broker.publish(commands[0]);
    await runs(1);
    await waitUntil(() => broker.results.length > 0);
    // Long enough after the start for the announcement to be heard, and well before the end.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await broker.publish(commands[1]);
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
  });

  it('take up what they had when they come back within the grace, and nobody aborts it', async () => {
    start('w1', { ORPHAN_GRACE: 20, SLEEP_TIME: 1 });
    const second = start('w2', { FALLBACK_PRIMARY: 'False' });
    await Promise.all(workers.map((worker) => worker.untilLogged('taking pushed commands')));
    const commands = lab.queue(...[1, 2, 3, 4].map((id) => ({ id, type: 'slow' })));
    await broker.publish(...commands);
    await Promise.all([1, 2, 3, 4].map(runs));
    await second.kill();
    start('w2', { FALLBACK_PRIMARY: 'False' });
    await lab.untilEnded();
    expect(lab.hub.history.filter(({ status }) => status === 'Aborted')).toEqual([]);
    expect(lab.violations()).toEqual([]);
  });

  it('leave what a lost worker ran to the fallback primary, which aborts it after the grace', async () => {
    const primary = start('w1', { ORPHAN_GRACE: 3, SLEEP_TIME: 1 });
    await primary.untilLogged('taking pushed commands');
    lab.queue({ id: 1 });
    await lab.hub.claimElsewhere(1);
    await lab.untilEnded(1);
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Aborted', message: 'Command orphaned, aborting' });
  });
});
