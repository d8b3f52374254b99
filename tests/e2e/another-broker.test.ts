import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCli, type CliProcess } from '../helpers/cli-process.ts';
import { startGarageMq, type GarageMq } from '../helpers/garagemq.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a lab on a broker that is not RabbitMQ, with classic queues', () => {
  let lab: Lab;
  let broker: GarageMq;
  let processes: CliProcess[];

  beforeEach(async () => {
    processes = [];
    [lab, broker] = await Promise.all([openLab(), startGarageMq()]);
  });

  afterEach(async () => {
    await Promise.all(processes.map((one) => one.kill()));
    await lab.close();
    await broker.remove();
  });

  function start(role: string, state: string): CliProcess {
    const common = {
      LAB: 'other.lab.test',
      AMQP_URL: broker.url,
      AMQP_QUEUE_TYPE: 'classic',
      RELAY_INTERVAL: 0.2,
    };
    const started = startCli([role], { settings: lab.settings({ ...common, SLEEP_TIME: 3600 }, state) });
    processes.push(started);
    return started;
  }

  it('runs what two relays push to two workers, in order, and a relay takes over from one that stops', async () => {
    start('worker', 'w1');
    start('worker', 'w2');
    const relays = [start('relay', 'r1'), start('relay', 'r2')];
    await Promise.all(processes.map((one) => one.untilLogged('broker session up')));
    const queue = (from: number): void => {
      const ids = Array.from({ length: 12 }, (_, index) => from + index);
      lab.queue(...ids.map((id) => ({ id, fqdn: `sys${id % 6}.lab.test`, address: `pdu${id % 3}` })));
    };
    queue(1);
    await lab.untilEnded();
    const leader = await waitUntil(() => relays.find((one) => one.logged('this relay leads now').length > 0));
    // In good order: GarageMQ deadlocks, now and then, when a connection that listens in a queue of its own is cut off.
    leader.signal('SIGTERM');
    await leader.exited;
    queue(13);
    await lab.untilEnded();
    expect(relays.map((one) => one.logged('this relay leads now').length)).toEqual([1, 1]);
    expect(lab.violations()).toEqual([]);
  });
});
