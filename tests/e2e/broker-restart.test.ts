import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { joinBroker, type LabBroker } from '../helpers/lab-broker.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { startRabbitMq, type RabbitMqNode } from '../helpers/rabbitmq.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a worker whose broker is restarted', () => {
  let node: RabbitMqNode;
  let lab: Lab;
  let broker: LabBroker | undefined;

  beforeAll(async () => {
    node = await startRabbitMq();
    [lab] = await Promise.all([openLab(), node.ready()]);
  }, 120_000);

  afterEach(async () => broker?.close());

  afterAll(async () => {
    await lab.close();
    await node.remove();
  }, 60_000);

  it('runs everything once: what waited, what came by polling meanwhile, and what is pushed afterwards', async () => {
    const before = await joinBroker({ url: node.url });
    const settings = {
      ...before.settings,
      AMQP_QUEUE_TYPE: 'quorum',
      AMQP_FALLBACK_DELAY: 1,
      SLEEP_TIME: 0.3,
      RECONCILE_INTERVAL: 3600,
    };
    const worker = lab.startWorker(settings);
    await worker.untilLogged('taking pushed commands');
    const waiting = [2, 3, 4].map((id) => ({ id, address: 'pdu1' }));
    await before.publish(...lab.queue({ id: 1, type: 'gated', address: 'pdu1' }, ...waiting));
    await waitUntil(() => lab.power.of(1, 'start').length === 1);
    await node.kill();
    lab.queue({ id: 5 });
    await lab.untilEnded(5);
    await node.restart();
    await worker.untilLogged('taking pushed commands', 2);
    lab.power.letThrough(1);
    await lab.untilEnded();
    broker = await joinBroker({ url: node.url, lab: before.lab });
    const [last] = lab.queue({ id: 6, address: 'pdu1' });
    await broker.publish(last);
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
    expect(lab.power.lines().filter(({ event }) => event === 'start')).toHaveLength(6);
  }, 180_000);
});
