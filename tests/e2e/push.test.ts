import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CliProcess } from '../helpers/cli-process.ts';
import { joinBroker, type LabBroker } from '../helpers/lab-broker.ts';
import { openLab, type Lab, type LabCommand } from '../helpers/lab.ts';
import { rabbitmq } from '../helpers/rabbitmq.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a worker that commands are pushed to', () => {
  let lab: Lab;
  let broker: LabBroker;

  beforeEach(async () => {
    [lab, broker] = await Promise.all([openLab(), joinBroker()]);
  }, 120_000);

  afterEach(async () => {
    await lab.close();
    await broker.close();
  });

  async function startWorker(more: Record<string, string | number> = {}): Promise<CliProcess> {
    const worker = lab.startWorker({ ...broker.settings, ...more });
    await worker.untilLogged('taking pushed commands');
    return worker;
  }

  /** Queues commands at the hub and pushes them. */
  const push = (...commands: readonly LabCommand[]): Promise<void> =>
    broker.publish(...lab.queue(...commands));

  const answersFor = (correlationId: string): readonly Readonly<Record<string, unknown>>[] =>
    broker.replies.filter((reply) => reply.correlationId === correlationId).map(({ body }) => body);

  it('runs a command, and answers the hub, its sender, and whoever listens', async () => {
    const worker = await startWorker();
    const [command] = lab.queue({ id: 1, fqdn: 'a.lab.test', type: 'brief' });
    await broker.ask(command, 'c1');
    const [reply] = await waitUntil(() => answersFor('c1')[0] && answersFor('c1'));
    const about = {
      id: 1,
      lab: broker.lab,
      fqdn: 'a.lab.test',
      action: 'on',
      worker: expect.stringMatching(`:${worker.pid}$`),
    };
    const ended = {
      ...about,
      status: 'completed',
      queued_ms: expect.any(Number),
      ran_ms: expect.any(Number),
    };
    expect(reply).toEqual(ended);
    expect(reply?.['ran_ms']).toBeGreaterThanOrEqual(200);
    await waitUntil(() => broker.results.length === 2);
    const running = { ...about, status: 'running', queued_ms: expect.any(Number) };
    expect(broker.results.map(({ body }) => body)).toEqual([running, ended]);
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Completed' });
    expect(lab.hub.calls).not.toContain('labcontrollers.get_queued_command_details');
  });

  it('says in the answer why a command failed, without its password', async () => {
    await startWorker();
    const [command] = lab.queue({ id: 1, address: 'bmc1', type: 'refusing' });
    await broker.ask(command, 'c1');
    const [reply] = await waitUntil(() => answersFor('c1')[0] && answersFor('c1'));
    expect(reply).toMatchObject({ status: 'failed', system_broken: true });
    expect(reply?.['message']).toBe(lab.hub.latest(1)?.message);
    expect(JSON.stringify(broker.results)).not.toContain('p0wer-pass');
  });

  it('settles the message before the script has ended', async () => {
    await startWorker();
    await push({ id: 1, type: 'gated' });
    await waitUntil(() => lab.power.of(1, 'start').length === 1);
    const shared = await rabbitmq();
    // Counts what is delivered and not acknowledged as well.
    const held = (): Promise<string> => shared.ctl('list_queues', 'name', 'messages');
    await waitUntil(async () => (await held()).includes(`beaker.commands.${broker.lab}\t0`));
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Running' });
    lab.power.letThrough(1);
    await lab.untilEnded();
  });

  it('puts what is no command among the dead letters, with the reason, and goes on', async () => {
    await startWorker();
    await broker.publish('{"id": 12', { id: 13, action: 'on', fqdn: '../../etc' });
    await push({ id: 1 });
    await lab.untilEnded();
    const first = await waitUntil(() => broker.dead());
    expect(first).toMatchObject({
      body: '{"id": 12',
      headers: { 'x-beaker-reason': expect.stringContaining('JSON') },
    });
    const second = await waitUntil(() => broker.dead());
    expect(second.headers['x-beaker-reason']).toMatch(/fqdn: expected a host name/);
    expect(await broker.dead()).toBeUndefined();
  });

  it('runs nothing that the hub does not know, and goes on with the rest', async () => {
    const worker = await startWorker();
    await broker.publish(lab.listed({ id: 99 }));
    const undecided = await worker.untilLogged('claim undecided');
    expect(undecided['reason']).toContain('No row was found for command 99');
    await push({ id: 1 });
    await lab.untilEnded(1);
    expect(lab.power.of(99)).toEqual([]);
  });

  it('lets an idle system pass the backlog of a busy power controller, however small the prefetch', async () => {
    await startWorker({ AMQP_PREFETCH: 5 });
    const backlog = Array.from({ length: 30 }, (_, n) => ({ id: n + 1, address: 'pdu1', type: 'gated' }));
    await push(...backlog, { id: 31 });
    await lab.untilEnded(31);
    expect(lab.power.lines().filter(({ address }) => address === 'pdu1')).toHaveLength(1);
    lab.power.letThrough(...backlog.map(({ id }) => id));
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
  });

  it('runs a command once, however often it comes, and answers everyone who sent it while it was under way', async () => {
    await startWorker();
    const [command] = lab.queue({ id: 1, type: 'gated' });
    await broker.ask(command, 'first');
    await waitUntil(() => lab.power.of(1, 'start').length === 1);
    await broker.ask(command, 'second');
    await waitUntil(async () => (await broker.depth()) === 0);
    lab.power.letThrough(1);
    await waitUntil(() => answersFor('first').length + answersFor('second').length === 2);
    await broker.ask(command, 'late');
    await push({ id: 2 });
    await lab.untilEnded(2);
    expect(lab.power.of(1, 'start')).toHaveLength(1);
    expect(answersFor('first')).toEqual(answersFor('second'));
    expect(lab.violations()).toEqual([]);
  });

  it('finds by a slow poll what was never pushed', async () => {
    await startWorker({ SLEEP_TIME: 0.2, RECONCILE_INTERVAL: 0.5 });
    await waitUntil(() => lab.hub.calls.includes('labcontrollers.get_queued_command_details'));
    lab.queue({ id: 1 });
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
  });
});
