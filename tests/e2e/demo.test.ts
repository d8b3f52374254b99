import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { commandQueue } from '../../src/broker/names.ts';
import { amqpPeer } from '../helpers/amqp-peer.ts';
import { rabbitmq } from '../helpers/rabbitmq.ts';
import { tempDir, type TempDir } from '../helpers/temp-dir.ts';
import { waitUntil } from '../helpers/wait-until.ts';

// Nobody listens on port 1.
const DEAD_BROKER = 'amqp://127.0.0.1:1';
const SHOW_MS = 150_000;
const hasLocalBroker = await takesConnections(5672);

describe('the demo', () => {
  let dir: TempDir;
  let demo: ChildProcess | undefined;
  let output: string;

  beforeEach(() => {
    dir = tempDir();
    mkdirSync(dir.file('tmp'));
    output = '';
  });
  afterEach(() => {
    demo?.kill('SIGKILL');
    dir.remove();
  });

  /** Starts the built demo without a terminal. Its own folder for temporary files marks all of its processes. */
  function start(...args: readonly string[]): ChildProcess {
    return startWith(process.env['PATH'] ?? '', args);
  }

  /** With no more programs than the power scripts need. */
  function startWithFewPrograms(...args: readonly string[]): ChildProcess {
    mkdirSync(dir.file('bin'));
    for (const name of ['sh', 'sleep']) symlinkSync(`/bin/${name}`, join(dir.file('bin'), name));
    return startWith(dir.file('bin'), args);
  }

  function startWith(path: string, args: readonly string[]): ChildProcess {
    const { HOME } = process.env;
    demo = spawn(process.execPath, [resolve('dist/cli.js'), 'demo', ...args], {
      env: { PATH: path, HOME, TMPDIR: dir.file('tmp') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    demo.stdout?.on('data', (data: Buffer) => (output += data.toString()));
    return demo;
  }

  const ended = async (child: ChildProcess): Promise<number | null> => {
    await waitUntil(() => child.exitCode !== null || child.signalCode !== null, {
      timeoutMs: 2 * SHOW_MS,
      what: 'the demo to end',
    });
    return child.exitCode;
  };

  /** Everything that runs with our folder for temporary files, or with something in it. */
  const processes = (): readonly string[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter(
        (pid) => contains(`/proc/${pid}/environ`, dir.path) || contains(`/proc/${pid}/cmdline`, dir.path),
      );

  const expectNothingLeft = async (): Promise<void> => {
    await waitUntil(() => processes().length === 0, { what: 'all processes of the demo to be gone' });
    // But for a kernel, for the next show.
    expect(readdirSync(dir.file('tmp')).filter((name) => name !== 'beaker-provision-0')).toEqual([]);
  };

  it(
    'ends by itself, having shown by polling that all is well, when the broker that was named is not there',
    async () => {
      expect(await ended(startWithFewPrograms('--amqp-url', DEAD_BROKER))).toBe(0);
      expect(output).toContain(
        'the broker that was given cannot be used: connect ECONNREFUSED 127.0.0.1:1\n',
      );
      expect(output).toContain('commands come by: polling every second\n');
      expect(output).toMatch(/c2\.demo {2}off {2}failed .*: chassis-c: relay stuck, still on\n/);
      expect(output).toContain('✓ 74 commands: 73 completed, 1 failed as it had to\n');
      expect(output).toContain('✓ 18 lanes: ');
      expect(output).toContain('✓ worker and server stopped in an orderly way\n');
      expect(output).toMatch(/ {2}polled every second +median \d+ ms/);
      expect(output).toContain('apt-get install rabbitmq-server');
      expect(output).toContain('It does not really boot, which would need: apt-get install openipmi ');
      expect(output).toContain('✓ 192.168.77.15: 10 boot files by its address\n');
      expect(output).not.toContain('\x1b');
      await expectNothingLeft();
    },
    SHOW_MS,
  );

  it(
    'shows that commands are pushed when there is a broker, and deletes its queues there',
    async () => {
      const { url, port } = await rabbitmq();
      const child = startWithFewPrograms('--amqp-url', url);
      await waitUntil(() => output.includes('Good morning'), {
        timeoutMs: 30_000,
        what: 'the show to begin',
      });
      const lab = await waitUntil(() => labOf(processes()), { what: 'the lab of the show' });
      expect(await ended(child)).toBe(0);
      expect(output).toContain(`commands come by: pushed by the broker at 127.0.0.1:${port}\n`);
      expect(output).toContain('✓ 74 commands: 73 completed, 1 failed as it had to\n');
      expect(output).toMatch(/ {2}pushed +median \d+ ms/);
      expect(output).not.toContain('apt-get install rabbitmq-server');
      await expectNothingLeft();
      const peer = await amqpPeer();
      await expect(peer.depth(commandQueue(lab))).rejects.toThrow('NOT_FOUND');
      await peer.close().catch(() => {});
    },
    SHOW_MS,
  );

  it(
    'brings its broker, one that is on this machine or a private one, shows that polling takes over when it dies, and boots a machine',
    async () => {
      const child = start();
      expect(await ended(child)).toBe(0);
      expect(output).toMatch(
        /192\.168\.77\.15 says: the installer starts with: .* recipe=4711 netboot_method=pxe/,
      );
      expect(output).toContain('✓ 192.168.77.15 booted its installer from the network');
      await expectNothingLeft();
      if (hasLocalBroker) {
        expect(output).toContain('commands come by: pushed by the broker at 127.0.0.1:5672\n');
        return;
      }
      expect(output).toContain('starting a private RabbitMQ, which takes 10 to 20 seconds\n');
      expect(output).toContain('commands come by: pushed by a private RabbitMQ\n');
      expect(output).toContain('The broker is dead: ');
      expect(output).toContain('✓ 82 commands: 81 completed, 1 failed as it had to\n');
      expect(output).toMatch(/ {2}pushed +median .*\n {2}polled every second +median \d+ ms/);
    },
    2 * SHOW_MS,
  );

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'stops what it has started when %s comes in the middle, and ends with 0',
    async (signal) => {
      const child = start('--amqp-url', DEAD_BROKER);
      await waitUntil(() => output.includes('completed'), {
        timeoutMs: 30_000,
        what: 'the show to be under way',
      });
      expect(processes().length).toBeGreaterThanOrEqual(3);
      child.kill(signal);
      expect(await ended(child)).toBe(0);
      expect(output).toMatch(/Stopping what the demo has started\.\n$/);
      await expectNothingLeft();
    },
    SHOW_MS,
  );

  it(
    'stops when nobody reads its output any more',
    async () => {
      const child = start('--amqp-url', DEAD_BROKER);
      await waitUntil(() => output.includes('completed'), {
        timeoutMs: 30_000,
        what: 'the show to be under way',
      });
      child.stdout?.destroy();
      // As every role whose output cannot be written.
      expect(await ended(child)).toBe(1);
      await expectNothingLeft();
    },
    SHOW_MS,
  );

  it(
    'ends with 1, and the end of the log, when its worker dies',
    async () => {
      const child = start('--amqp-url', DEAD_BROKER);
      await waitUntil(() => output.includes('completed'), {
        timeoutMs: 30_000,
        what: 'the show to be under way',
      });
      const worker = processes().find((pid) => contains(`/proc/${pid}/cmdline`, '\0worker\0'));
      process.kill(Number(worker), 'SIGKILL');
      expect(await ended(child)).toBe(1);
      expect(output).toContain('The demo failed: the worker ended by itself (SIGKILL):\n');
      expect(output).toContain('"event":"command ended"');
      await expectNothingLeft();
    },
    SHOW_MS,
  );
});

function contains(file: string, text: string): boolean {
  return textOf(file).includes(text);
}

function labOf(pids: readonly string[]): string | undefined {
  for (const pid of pids) {
    const name = /BEAKER_USERNAME=host\/(demo-\w+)/.exec(textOf(`/proc/${pid}/environ`))?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended meanwhile.
    return '';
  }
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  // Rejects when 'error' comes first.
  const answers = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return answers;
}
