import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import amqplib from 'amqplib';
import { waitUntil } from './wait-until.ts';

/** A broker to test against. */
export interface RabbitMq {
  readonly url: string;
  readonly port: number;
  /** Runs `rabbitmqctl` (about a second) and gives what it prints. */
  ctl(...args: readonly string[]): Promise<string>;
}

/** A broker of a test's own, which it may stop, kill and start again; what is durable survives. */
export interface RabbitMqNode extends RabbitMq {
  /** Where its data and log are. */
  readonly dir: string;
  /** Resolves when it takes connections. */
  ready(): Promise<void>;
  /** Shuts it down in an orderly way: clients are told. */
  stop(): Promise<void>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again, stopping it first if it runs; resolves when it takes connections. */
  restart(): Promise<void>;
  /** Kills it and removes its files. */
  remove(): Promise<void>;
}

/** The node that all tests of a run share, once it takes connections. Use an own lab name: the node is not cleared between tests. */
export async function rabbitmq(): Promise<RabbitMq> {
  const url = process.env['BEAKER_TEST_AMQP_URL'];
  if (url === undefined)
    throw new Error('BEAKER_TEST_AMQP_URL: expected it to be set by the global setup of jest');
  const port = Number(new URL(url).port);
  const dir = process.env['BEAKER_TEST_RABBITMQ_DIR'];
  await takesConnections(url);
  return {
    url,
    port,
    ctl: async (...args) => {
      if (dir === undefined)
        throw new Error(
          'BEAKER_TEST_RABBITMQ_DIR: expected the folder of the node that BEAKER_TEST_AMQP_URL names',
        );
      return ctl(dir, port, args);
    },
  };
}

export interface NodeOptions {
  /** The first of three; free ones unless given. */
  readonly port?: number;
  /** Of a name service that runs already, for a cluster; the node has its own unless given. */
  readonly epmdPort?: number;
  /** Files of its directory: configuration, cookie. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Starts a node in the background: returns before it takes connections, see `ready`. It ends with this process at the latest. */
export async function startRabbitMq(options: NodeOptions = {}): Promise<RabbitMqNode> {
  const { epmdPort, files = {} } = options;
  const dir = await mkdtemp(join(tmpdir(), 'beaker-rabbitmq-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, name)), { recursive: true });
    await writeFile(join(dir, name), text, { mode: 0o600 });
  }
  const port = options.port ?? (await freePorts());
  const url = `amqp://127.0.0.1:${port}`;
  const env = { ...process.env, ...(epmdPort !== undefined && { NODE_EPMD_PORT: String(epmdPort) }) };
  let cage: ChildProcess | undefined = runNode(dir, port, env);
  const kill = async (): Promise<void> => {
    await endCage(cage);
    cage = undefined;
  };
  const stop = async (): Promise<void> => {
    if (cage !== undefined) await shutDown(dir);
    await kill();
  };
  const ready = async (): Promise<void> => {
    await takesConnections(url, () => cage?.exitCode === null || `see ${dir}/log/console.log`);
  };
  return {
    dir,
    url,
    port,
    ready,
    stop,
    kill,
    ctl: (...args) => ctl(dir, port, args, env),
    restart: async () => {
      await stop();
      cage = runNode(dir, port, env);
      await ready();
    },
    remove: async () => {
      await kill();
      // The broker's helpers may write a last file while it dies.
      await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

const script = resolve('tests/helpers/rabbitmq-node.sh');

// The node lives as long as its standard input, which the kernel closes with this process: nothing is left behind by a crash.
function runNode(dir: string, port: number, env: NodeJS.ProcessEnv): ChildProcess {
  const cage = spawn(script, ['run', dir, String(port)], {
    detached: true,
    env,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  cage.unref();
  return cage;
}

async function endCage(cage: ChildProcess | undefined): Promise<void> {
  if (cage === undefined) return;
  if (cage.exitCode === null && cage.signalCode === null) {
    const exited = new Promise((done) => cage.once('exit', done));
    cage.ref();
    cage.stdin?.end();
    await exited;
  }
}

async function shutDown(dir: string): Promise<void> {
  const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
  process.kill(pid, 'SIGTERM');
  await waitUntil(() => !existsSync(`/proc/${pid}`), { timeoutMs: 60_000, what: 'the broker to shut down' });
}

async function ctl(
  dir: string,
  port: number,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const { stdout } = await promisify(execFile)(script, ['ctl', dir, String(port), ...args], { env });
  return stdout;
}

async function takesConnections(url: string, alive: () => true | string = () => true): Promise<void> {
  await waitUntil(
    async () => {
      const state = alive();
      if (state !== true) throw new Error(`RabbitMQ at ${url} ended before it took connections: ${state}`);
      return connects(url);
    },
    { timeoutMs: 120_000, what: `RabbitMQ to take connections at ${url}` },
  );
}

async function connects(url: string): Promise<boolean> {
  try {
    const connection = await amqplib.connect(url, { timeout: 5_000 });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

// Three in a row, below the range from which the kernel takes the local ports of connections.
/** The first of three free ones in a row. */
export async function freePorts(): Promise<number> {
  for (;;) {
    const first = 21_100 + 3 * Math.floor(Math.random() * 3_000);
    const free = await Promise.all([first, first + 1, first + 2].map(isFree));
    if (free.every(Boolean)) return first;
  }
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
