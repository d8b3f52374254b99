import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCli, type CliProcess } from '../helpers/cli-process.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { startRabbitMqCluster, type RabbitMqCluster } from '../helpers/rabbitmq-cluster.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const LAB = 'cluster.lab.test';

describe('a lab on a cluster of three brokers, with quorum queues', () => {
  let lab: Lab;
  let cluster: RabbitMqCluster;
  const processes: CliProcess[] = [];

  beforeAll(async () => {
    [lab, cluster] = await Promise.all([openLab(), startRabbitMqCluster()]);
    const common = {
      LAB,
      AMQP_URL: cluster.urls,
      RELAY_INTERVAL: 0.2,
      AMQP_FALLBACK_DELAY: 2,
      SLEEP_TIME: 1,
      // On a machine short of processor time RabbitMQ 3.10 may elect no leader for the queue of commands for minutes.
      RECONCILE_INTERVAL: 30,
    };
    const start = (role: string, state: string, own: Record<string, boolean> = {}): void =>
      void processes.push(startCli([role], { settings: lab.settings({ ...common, ...own }, state) }));
    start('worker', 'w1');
    start('worker', 'w2', { FALLBACK_PRIMARY: false });
    start('relay', 'r1');
    start('relay', 'r2');
    await waitUntil(() => processes.some((one) => one.logged('this relay leads now').length > 0), {
      timeoutMs: 30_000,
      what: 'a relay that leads',
    });
  }, 180_000);

  afterAll(async () => {
    await Promise.all(processes.map((one) => one.kill()));
    await lab.close();
    await cluster.remove();
  }, 60_000);

  let queued = 0;
  /** Queues commands that share lanes, some of which take a while. */
  const queue = (count: number): readonly number[] => {
    const ids = Array.from({ length: count }, () => (queued += 1));
    const types = ['quick', 'brief'];
    lab.queue(
      ...ids.map((id) => ({
        id,
        fqdn: `sys${id % 9}.lab.test`,
        address: `pdu${id % 3}`,
        type: types[id % 2] ?? 'quick',
      })),
    );
    return ids;
  };

  /** What the nodes that are up say of the lab's queues. */
  const queues = async (): Promise<string> => {
    const columns = [
      'name',
      'leader',
      'members',
      'online',
      'messages_ready',
      'messages_unacknowledged',
      'consumers',
    ];
    const asked = cluster.nodes.map((node) => node.ctl('list_queues', '--local', ...columns).catch(String));
    return (await Promise.all(asked)).join('\n');
  };

  /** Waits for the ends of all; tells what everybody logged last when they do not come. */
  const untilEnded = async (): Promise<void> => {
    try {
      // An election takes a node that is short of processor time long.
      await waitUntil(() => lab.hub.allEnded(), { timeoutMs: 100_000, what: 'the ends of all' });
    } catch (error) {
      const logs = processes.map((one) =>
        one
          .logged()
          .slice(-15)
          .map((line) => JSON.stringify(line))
          .join('\n'),
      );
      throw new Error([...logs, await queues()].join('\n\n'), { cause: error });
    }
  };

  it('loses nothing when the leader of its queue is killed, and again when that is back and the next is killed', async () => {
    await lab.untilEnded(...queue(12));
    const [first] = cluster.nodes;
    if (first === undefined) throw new Error('expected nodes');
    for (let round = 0; round < 2; round += 1) {
      await cluster.untilReplicated(`beaker.commands.${LAB}`, first);
      const leader = await cluster.leaderOf(`beaker.commands.${LAB}`, first);
      const before = queue(20);
      await waitUntil(() => lab.power.lines().some(({ id }) => id === before[3]), { timeoutMs: 20_000 });
      await leader.kill();
      queue(20);
      await untilEnded();
      await leader.restart();
      await leader.ctl('await_online_nodes', '3');
    }
    expect(lab.violations()).toEqual([]);
    expect(lab.hub.history.filter(({ status }) => status === 'Aborted' || status === 'Failed')).toEqual([]);
  }, 360_000);
});
