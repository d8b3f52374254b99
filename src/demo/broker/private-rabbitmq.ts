import { mkdirSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { Secret } from '../../secret.ts';
import { wait } from '../../wait.ts';
import { type Caged, caged } from './caged.ts';
import { findProgram } from './find-program.ts';
import { freePorts } from './free-ports.ts';
import { problemOf } from './visit.ts';

/** The programs that make up a RabbitMQ node. */
export interface RabbitMqPrograms {
  readonly server: string;
  /** Erlang's name service. */
  readonly epmd: string;
}

/** A RabbitMQ that takes connections, and that is nobody's but ours. */
export interface PrivateRabbitMq {
  readonly url: Secret;
  /** Ends it at once, with its name service; its connections are reset. */
  kill(): Promise<void>;
}

// Debian's program of that name in the PATH changes to the user of the installed service, and stays out of it only here.
const OWN_FOLDERS = ['/usr/lib/rabbitmq/bin'];
const COMMON_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/sbin'];
const READY_MS = 90_000;

/** The programs of an installed RabbitMQ, found in `path` and where systems usually have them; undefined when there are none. */
export function findRabbitMq(path = ''): RabbitMqPrograms | undefined {
  const folders = [...path.split(':').filter((folder) => folder !== ''), ...COMMON_FOLDERS];
  const server = findProgram('rabbitmq-server', [...OWN_FOLDERS, ...folders]);
  const epmd = findProgram('epmd', folders);
  return server === undefined || epmd === undefined ? undefined : { server, epmd };
}

export interface PrivateRabbitMqOptions {
  readonly programs: RabbitMqPrograms;
  /** An empty folder for everything that it writes. */
  readonly dir: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/**
 * Starts a node with ports, cookie, data and name service of its own. It ends with this process at the latest.
 * @throws Error when it does not take connections in time, or the signal comes first; nothing of it is left then.
 */
export async function startPrivateRabbitMq(options: PrivateRabbitMqOptions): Promise<PrivateRabbitMq> {
  const { programs, dir, signal } = options;
  const [amqp = 0, distribution = 0, names = 0] = await freePorts(3);
  const environment = nodeEnvironment(options, { amqp, distribution, names });
  writeFiles(dir);
  const cages: Caged[] = [];
  const kill = async (): Promise<void> => {
    await Promise.all(cages.map((cage) => cage.kill()));
  };
  const run = async (log: string, command: readonly string[], isReady: () => Promise<boolean>) => {
    const cage = caged(command, { environment, logFile: join(dir, log) });
    cages.push(cage);
    await ready(cage, isReady, signal);
  };
  const url = new Secret(`amqp://guest:guest@127.0.0.1:${amqp}`);
  try {
    // Before the node, which would otherwise start one itself and leave it behind.
    const epmd = [programs.epmd, '-port', String(names), '-address', '127.0.0.1'];
    await run('epmd.log', epmd, () => takesConnections(names));
    await run(
      'rabbitmq.log',
      [programs.server],
      async () => (await problemOf({ url }, signal)) === undefined,
    );
  } catch (error) {
    await kill();
    throw error;
  }
  return { url, kill };
}

function writeFiles(dir: string): void {
  for (const folder of ['home', 'data', 'log']) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, 'enabled_plugins'), '[].\n');
  const settings = ['log.file.level = warning', 'disk_free_limit.absolute = 1MB'];
  writeFileSync(join(dir, 'rabbitmq.conf'), `${settings.join('\n')}\n`);
}

interface Ports {
  readonly amqp: number;
  readonly distribution: number;
  readonly names: number;
}

function nodeEnvironment(
  { dir, environment }: PrivateRabbitMqOptions,
  { amqp, distribution, names }: Ports,
): NodeJS.ProcessEnv {
  return {
    PATH: environment['PATH'],
    LANG: environment['LANG'],
    HOME: join(dir, 'home'),
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `demo-${amqp}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(amqp),
    RABBITMQ_DIST_PORT: String(distribution),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_CONFIG_FILE: join(dir, 'rabbitmq.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dir, 'enabled_plugins'),
    RABBITMQ_MNESIA_BASE: join(dir, 'data'),
    RABBITMQ_LOG_BASE: join(dir, 'log'),
    RABBITMQ_PID_FILE: join(dir, 'pid'),
  };
}

async function ready(cage: Caged, isReady: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (!(await isReady())) {
    if (cage.hasEnded()) throw new Error('it ended before it took connections');
    if (performance.now() > deadline) throw new Error(`it took no connections within ${READY_MS / 1000} s`);
    if (!(await wait(200, signal))) throw new Error('told to stop');
  }
}

async function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
