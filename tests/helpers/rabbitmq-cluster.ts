import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { waitUntil } from './wait-until.ts';
import { freePorts, startRabbitMq, type RabbitMqNode } from './rabbitmq.ts';

/** Three nodes that hold every quorum queue together. */
export interface RabbitMqCluster {
  readonly nodes: readonly RabbitMqNode[];
  /** AMQP_URL of who may use any of them. */
  readonly urls: string;
  /** The node that leads a quorum queue; asks a node that is up. */
  leaderOf(queue: string, askAt: RabbitMqNode): Promise<RabbitMqNode>;
  /** Waits until all three nodes hold the queue: of two, none could be missed. */
  untilReplicated(queue: string, askAt: RabbitMqNode): Promise<void>;
  remove(): Promise<void>;
}

/** Starts a cluster on loopback; resolves when all nodes take connections and know each other. */
export async function startRabbitMqCluster(): Promise<RabbitMqCluster> {
  const ports = [await freePorts()];
  while (ports.length < 3) ports.push(await otherPorts(ports));
  const [first = 0] = ports;
  // A node's own would die with it, and the others with it.
  const epmdPort = first + 2;
  const epmd = spawn('epmd', ['-port', String(epmdPort), '-address', '127.0.0.1'], { stdio: 'ignore' });
  const files = { 'rabbitmq.conf': configuration(ports), 'home/.erlang.cookie': randomUUID() };
  const nodes = await Promise.all(ports.map((port) => startRabbitMq({ port, epmdPort, files })));
  await Promise.all(nodes.map((node) => node.ready()));
  for (const node of nodes) await node.ctl('await_online_nodes', '3');
  return {
    nodes,
    urls: nodes.map(({ url }) => url).join(','),
    leaderOf: async (queue, askAt) => {
      const queues = await askAt.ctl('list_queues', 'name', 'leader');
      const leader = nodes.find(({ port }) => queues.includes(`${queue}\ttest-${port}@localhost\n`));
      if (leader === undefined) throw new Error(`expected a leader of ${queue}, found:\n${queues}`);
      return leader;
    },
    untilReplicated: async (queue, askAt) => {
      const isReplicated = async (): Promise<boolean> => {
        const rows = (await askAt.ctl('list_queues', 'name', 'online')).split('\n');
        const row = rows.find((one) => one.startsWith(`${queue}\t`)) ?? '';
        return row.split('@localhost').length - 1 === nodes.length;
      };
      await waitUntil(isReplicated, { timeoutMs: 60_000, what: `three nodes to hold ${queue}` });
    },
    remove: async () => {
      await Promise.all(nodes.map((node) => node.remove()));
      epmd.kill('SIGKILL');
    },
  };
}

async function otherPorts(taken: readonly number[]): Promise<number> {
  for (;;) {
    const port = await freePorts();
    if (taken.every((other) => Math.abs(other - port) >= 3)) return port;
  }
}

function configuration(ports: readonly number[]): string {
  return [
    'loopback_users = none',
    'log.file.level = warning',
    'collect_statistics_interval = 60000',
    'disk_free_limit.absolute = 1MB',
    'vm_memory_high_watermark.absolute = 2GB',
    'cluster_partition_handling = pause_minority',
    'cluster_formation.peer_discovery_backend = classic_config',
    ...ports.map(
      (port, index) => `cluster_formation.classic_config.nodes.${index + 1} = test-${port}@localhost`,
    ),
    '',
  ].join('\n');
}
