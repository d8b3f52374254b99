import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCli, type CliProcess } from '../helpers/cli-process.ts';
import { joinBroker, type LabBroker } from '../helpers/lab-broker.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { rabbitmq } from '../helpers/rabbitmq.ts';
import { waitUntil } from '../helpers/wait-until.ts';

let lab: Lab;
let broker: LabBroker;
let processes: CliProcess[];

beforeEach(async () => {
  processes = [];
  lab = await openLab();
  broker = await joinBroker();
});

afterEach(async () => {
  await Promise.all(processes.map((one) => one.kill()));
  await lab.close();
  await broker.close();
});

function start(
  role: 'worker' | 'relay',
  state: string,
  more: Record<string, string | number> = {},
): CliProcess {
  const settings = { ...lab.settings(more, state), ...broker.settings, RELAY_INTERVAL: 0.2, ...more };
  const started = startCli([role], { settings });
  processes.push(started);
  return started;
}

describe('a relay between a stock hub and two workers', () => {
  it('pushes each command when it is ready, so that order holds across workers', async () => {
    start('worker', 'w1', { FALLBACK_PRIMARY: 'False' });
    start('worker', 'w2', { FALLBACK_PRIMARY: 'False' });
    const relay = start('relay', 'r1');
    await relay.untilLogged('this relay leads now');
    const ids = Array.from({ length: 24 }, (_, index) => index + 1);
    lab.queue(
      ...ids.map((id) => ({ id, fqdn: `sys${id % 6}.lab.test`, address: `pdu${id % 3}`, type: 'quick' })),
    );
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
    expect(broker.commands.map(({ body }) => body['id'])).toHaveLength(24);
  });

  it('is replaced by the relay that stands by when it is killed', async () => {
    start('worker', 'w1');
    const first = start('relay', 'r1');
    await first.untilLogged('this relay leads now');
    const second = start('relay', 'r2');
    await second.untilLogged('another relay leads, standing by');
    lab.queue({ id: 1 }, { id: 2 });
    await lab.untilEnded(1, 2);
    await first.kill();
    lab.queue({ id: 3, fqdn: 'sys1.lab.test' }, { id: 4, fqdn: 'sys1.lab.test' });
    await lab.untilEnded();
    expect(second.logged('this relay leads now')).toHaveLength(1);
    expect(lab.violations()).toEqual([]);
  });

  it('is seen in the status of the lab, with the workers and what they run and what waits', async () => {
    start('worker', 'w1');
    const relay = start('relay', 'r1');
    await relay.untilLogged('this relay leads now');
    lab.queue(...[1, 2].map((id) => ({ id, fqdn: 'sys1.lab.test', address: 'pdu', type: 'gated' })));
    await waitUntil(() => lab.power.of(1).length > 0, { timeoutMs: 20_000 });
    const settings = { LAB: broker.lab, AMQP_URL: broker.url, LOG_LEVEL: 'error' };
    const status = startCli(['status'], { settings });
    expect(await status.exited).toBe(0);
    const text = status.stdout.replaceAll(/ +/g, ' ');
    expect(text).toMatch(/:\d+ leads 1 0 1\n/);
    expect(text).toMatch(/:\d+ push 1 of 50 0 primary\n/);
    expect(text).toMatch(/^lab \S+, all well\n/);
    expect(text).toMatch(/\npower pdu 1 1 on running \d+ s \S+:\d+\n/);
    expect(text).toMatch(/\nsystem sys1\.lab\.test 1 1 on running \d+ s /);
    const json = startCli(['status', '--json'], { settings });
    expect(await json.exited).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      workers: [{ mode: 'push', running: [{ id: 1 }] }],
      lanes: expect.arrayContaining([{ lane: 'power:pdu', running: [1], waiting: 1 }]),
    });
    const watched = startCli(['status', '--watch'], { settings });
    await waitUntil(() => watched.stdout.includes('all well'), { timeoutMs: 20_000 });
    lab.power.letThrough(1, 2);
    await lab.untilEnded();
    await waitUntil(() => /\n2 +sys1\.lab\.test +on +completed +\d+ s/.test(watched.stdout), {
      timeoutMs: 20_000,
    });
    watched.signal('SIGTERM');
    expect(await watched.exited).toBe(0);
    expect(watched.stdout).not.toContain('\x1b');
  });

  it('needs no more rights at the broker than the guide says, nor does a worker', async () => {
    const node = await rabbitmq();
    const user = broker.lab.replaceAll('.', '-');
    await node.ctl('add_user', user, 'secret');
    await node.ctl('set_permissions', user, ...patternsOfTheGuide());
    const url = `amqp://${user}:secret@127.0.0.1:${node.port}`;
    start('worker', 'w1', { AMQP_URL: url });
    const relay = start('relay', 'r1', { AMQP_URL: url });
    await relay.untilLogged('this relay leads now');
    lab.queue({ id: 1 });
    await lab.untilEnded(1);
    await waitUntil(() => broker.results.some(({ body }) => body['status'] === 'completed'));
    await Promise.all(processes.map((one) => one.kill()));
    await node.ctl('delete_user', user);
  });
});

/** The patterns of the table in docs/operations.md: configure, write, read. */
function patternsOfTheGuide(): readonly string[] {
  const guide = readFileSync('docs/operations.md', 'utf8');
  const rows = guide.matchAll(/^\| (?:configure|write|read) \| `(.*)` \|$/gm);
  return [...rows].map(([, pattern = '']) => pattern.replaceAll('\\|', '|'));
}
