import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { catchesSignal } from '../helpers/catches-signals.ts';
import { startCli, type CliProcess } from '../helpers/cli-process.ts';
import { joinBroker, type LabBroker } from '../helpers/lab-broker.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a worker that is told to stop', () => {
  let lab: Lab;
  let broker: LabBroker;

  beforeEach(async () => {
    [lab, broker] = await Promise.all([openLab(), joinBroker()]);
  }, 120_000);

  afterEach(async () => {
    await lab.close();
    await broker.close();
  });

  const started = (id: number): Promise<boolean> =>
    waitUntil(() => lab.power.of(id, 'start').length > 0, { timeoutMs: 30_000, what: `script of ${id}` });

  it('lets the script end, gives back what it has not claimed, and exits with 0', async () => {
    const worker = lab.startWorker(broker.settings);
    await worker.untilLogged('taking pushed commands');
    const commands = lab.queue(
      { id: 1, type: 'gated', address: 'pdu1' },
      { id: 2, address: 'pdu1' },
      { id: 3, delay: 60 },
    );
    await broker.publish(...commands);
    await started(1);
    await waitUntil(async () => (await broker.depth()) === 0);
    worker.signal('SIGTERM');
    await waitUntil(async () => (await broker.depth()) === 2, { timeoutMs: 30_000 });
    expect(lab.power.alive()).toHaveLength(1);
    lab.power.letThrough(1);
    expect(await worker.exited).toBe(0);
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Completed' });
    expect(lab.hub.latest(2)).toMatchObject({ status: 'Queued' });
    const other = lab.startWorker({ ...broker.settings, STATE_DIR: lab.files.file('other') });
    await lab.untilEnded(2);
    expect(lab.power.of(2, 'start')).toHaveLength(1);
    expect(other.logged('command started')).toHaveLength(1);
  });

  it('leaves to the next run what it has polled and not claimed', async () => {
    lab.queue({ id: 1, type: 'gated', address: 'pdu1' }, { id: 2, address: 'pdu1' });
    const worker = lab.startWorker();
    await started(1);
    worker.signal('SIGINT');
    await worker.untilLogged('worker stops');
    lab.queue({ id: 3 });
    lab.power.letThrough(1);
    expect(await worker.exited).toBe(0);
    expect([2, 3].map((id) => lab.hub.latest(id)?.status)).toEqual(['Queued', 'Queued']);
    lab.startWorker();
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
  });

  it('told twice, ends the scripts with all that they started, exits with 1, and the next run takes the commands up', async () => {
    lab.queue(
      { id: 1, action: 'off', type: 'gated' },
      { id: 2, action: 'interrupt', type: 'gated' },
      { id: 3, action: 'on', type: 'deaf' },
    );
    const worker = lab.startWorker();
    for (const id of [1, 2, 3]) await started(id);
    worker.signal('SIGTERM');
    await worker.untilLogged('worker stops');
    expect(lab.power.alive()).toHaveLength(3);
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(1);
    expect(lab.power.alive()).toEqual([]);
    expect([1, 2, 3].map((id) => lab.hub.latest(id)?.status)).toEqual(['Running', 'Running', 'Running']);
    lab.power.letThrough(1, 2, 3);
    lab.startWorker();
    await lab.untilEnded();
    expect([1, 3].map((id) => lab.hub.latest(id)?.status)).toEqual(['Completed', 'Completed']);
    expect(lab.hub.latest(2)).toMatchObject({
      status: 'Aborted',
      message: expect.stringMatching(/^The worker was stopped while interrupt was under way/),
    });
    expect(lab.violations()).toEqual([]);
  });

  it('ends the scripts by itself when a stop takes longer than STOP_TIMEOUT, and exits with 1', async () => {
    lab.queue({ id: 1, type: 'gated' });
    const worker = lab.startWorker({ STOP_TIMEOUT: 1 });
    await started(1);
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(1);
    expect(lab.power.alive()).toEqual([]);
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Running' });
    lab.power.letThrough(1);
    lab.startWorker();
    await lab.untilEnded();
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Completed' });
  });

  it('tries once more to switch a system on that a reboot has switched off, and leaves the rest to the next start', async () => {
    lab.queue({ id: 1, action: 'reboot', type: 'reviving' });
    const worker = lab.startWorker({ POWER_ATTEMPTS: 5 });
    await worker.untilLogged('power script failed');
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(lab.power.of(1, 'start').map(({ mode }) => mode)).toEqual(['off', 'on', 'on']);
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Running' });
    expect(worker.logged('system is off, to be switched on after the next start')).toMatchObject([
      { level: 'error', id: 1, fqdn: 'sys1.lab.test' },
    ]);
    lab.power.letThrough(1);
    lab.startWorker();
    await lab.untilEnded();
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Completed' });
    expect(lab.power.of(1, 'start').map(({ mode }) => mode)).toEqual(['off', 'on', 'on', 'on']);
    expect(lab.violations()).toEqual([]);
  });

  it('never blames a system for a stop between two attempts', async () => {
    lab.queue({ id: 1, type: 'shut' });
    const worker = lab.startWorker({ POWER_ATTEMPTS: 3 });
    await worker.untilLogged('power script failed');
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Running' });
    lab.power.letThrough(1);
    lab.startWorker();
    await lab.untilEnded();
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Completed' });
    expect(lab.violations()).toEqual([]);
  });

  it('keeps an outcome that the hub, being away, has not taken, and delivers it after the next start', async () => {
    const proxy = await startTcpProxy(lab.hub);
    const settings = { HUB_URL: `http://127.0.0.1:${proxy.port}` };
    lab.queue({ id: 1, type: 'gated' });
    const worker = lab.startWorker(settings);
    await started(1);
    await proxy.set('refuse');
    lab.power.letThrough(1);
    await worker.untilLogged('outcome not delivered yet');
    worker.signal('SIGTERM');
    await worker.untilLogged('worker stops');
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(1);
    expect(worker.logged('worker stopped')).toMatchObject([{ keptForTheNextStart: 1 }]);
    lab.startWorker();
    await lab.untilEnded();
    expect(lab.hub.latest(1)).toMatchObject({ status: 'Completed' });
    expect(lab.power.of(1, 'start')).toHaveLength(1);
    expect(lab.violations()).toEqual([]);
    await proxy.close();
  });
});

describe('a program that has just been started', () => {
  let lab: Lab;
  let running: CliProcess[];

  beforeEach(async () => {
    running = [];
    lab = await openLab();
  });
  afterEach(async () => {
    await Promise.all(running.map((one) => one.kill()));
    await lab.close();
  });

  /** Starts the role, and comes back as soon as its first statement has run. */
  const start = async (role: string, ...args: readonly string[]): Promise<CliProcess> => {
    const settings = {
      ...lab.settings(role === 'relay' || role === 'status' ? { AMQP_URL: 'amqp://127.0.0.1:1' } : {}),
      ...(role === 'server' && { SERVER_LISTEN: '127.0.0.1:0' }),
    };
    const program = startCli([role, ...args], { settings });
    running.push(program);
    await waitUntil(() => catchesSignal(program.pid, 'SIGHUP'), { timeoutMs: 30_000 });
    expect(program.stderr).toBe('');
    return program;
  };

  it.each(['worker', 'relay', 'server'])(
    'survives SIGHUP, SIGUSR1 and SIGUSR2 at once and later, as %s, and opens no debugger',
    async (role) => {
      const program = await start(role);
      const signals = ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
      for (const signal of signals) program.signal(signal);
      await program.untilLogged(role === 'server' ? 'server started' : `${role} starts`);
      for (const signal of signals) program.signal(signal);
      program.signal('SIGTERM');
      expect(await program.exited).toBe(0);
      expect(program.stderr).not.toContain('ebugger');
    },
  );

  it('closes the debugger that a SIGUSR1 before its first statement has opened', async () => {
    const early = `import { url } from 'node:inspector';
      process.kill(process.pid, 'SIGUSR1');
      while (url() === undefined) await new Promise((resolve) => setImmediate(resolve));`;
    const preload = `data:text/javascript,${encodeURIComponent(early)}`;
    const program = startCli(['server'], {
      settings: lab.settings({ SERVER_LISTEN: '127.0.0.1:0' }),
      program: ['--inspect-port=0', '--import', preload, 'dist/cli.js'],
    });
    running.push(program);
    await program.untilLogged('server started');
    const port = /Debugger listening on ws:\/\/127\.0\.0\.1:(\d+)/.exec(program.stderr)?.[1];
    await expect(once(connect(Number(port), '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
  });

  it.each(['worker', 'relay', 'server'])('stops in order on SIGTERM at once, as %s', async (role) => {
    const program = await start(role);
    program.signal('SIGTERM');
    expect(await program.exited).toBe(0);
  });

  it.each([
    ['status', ['--watch']],
    ['queue', ['sys1.lab.test', 'on', '--wait']],
    ['check-config', []],
  ] as const)('ends when its terminal is closed, as %s', async (role, args) => {
    const program = await start(role, ...args);
    program.signal('SIGHUP');
    expect(await program.exited).toBe('SIGHUP');
  });

  it('needs no more than 64 descriptors to run commands', async () => {
    lab.queue({ id: 1 });
    running.push(startCli(['worker'], { settings: lab.settings(), maxDescriptors: 64 }));
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
  });
});

describe('a program that is stopped while it waits for an answer', () => {
  let silent: TcpProxy;

  beforeEach(async () => {
    silent = await startTcpProxy({ port: 1 });
    await silent.set('black-hole');
  });
  afterEach(() => silent.close());

  const stopped = async (args: readonly string[], settings: Record<string, string>): Promise<CliProcess> => {
    const before = silent.accepted;
    const program = startCli(args, { settings: { USERNAME: 'host/lab', PASSWORD: 'pass', ...settings } });
    await waitUntil(() => silent.accepted > before, { timeoutMs: 30_000 });
    program.signal('SIGINT');
    await program.exited;
    return program;
  };

  it('says nothing of workers that had no time to answer, as status', async () => {
    const settings = { AMQP_URL: `amqp://127.0.0.1:${silent.port}` };
    const once = await stopped(['status'], settings);
    expect([await once.exited, once.stdout]).toEqual([1, '']);
    const watched = await stopped(['status', '--watch'], settings);
    expect([await watched.exited, watched.stdout]).toEqual([0, '']);
  });

  it('says that the commands may be queued or not, as queue', async () => {
    const url = `http://127.0.0.1:${silent.port}`;
    const program = await stopped(['queue', 'sys1.lab', 'on'], { SERVER_URL: url });
    expect(await program.exited).toBe(1);
    expect(program.stderr).toBe(
      `beaker-provision: stopped before the server at ${url} answered; the commands may be queued or not\n`,
    );
  });
});
