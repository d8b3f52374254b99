import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { startCli } from '../helpers/cli-process.ts';
import { uniqueLab } from '../helpers/amqp-peer.ts';
import { isAlive } from '../helpers/is-alive.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { rabbitmq } from '../helpers/rabbitmq.ts';
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a worker in trouble', () => {
  let lab: Lab;
  let hubProxy: TcpProxy;

  beforeEach(async () => {
    lab = await openLab();
    hubProxy = await startTcpProxy(lab.hub);
  });

  afterEach(async () => {
    await lab.close();
    await hubProxy.close();
  });

  const calls = (method: string): number => lab.hub.calls.filter((name) => name === method).length;

  it('says that the hub refuses its password, and does not hammer', async () => {
    const worker = lab.startWorker({ PASSWORD: 'wr0ng-pass', SLEEP_TIME: 0.05 });
    const refusal = await worker.untilLogged('login refused');
    expect(refusal).toMatchObject({
      level: 'error',
      reason: expect.stringContaining('Invalid username or password'),
    });
    // One for each time that it wanted to call the hub.
    await waitUntil(() => worker.logged('cannot look for orphaned commands').length > 10, {
      timeoutMs: 30_000,
    });
    expect(calls('auth.login_password')).toBe(1);
    expect(worker.stderr).not.toContain('wr0ng-pass');
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
  });

  it('says that the broker refuses its password, does not hammer, and polls meanwhile', async () => {
    const proxy = await startTcpProxy(await rabbitmq());
    const worker = lab.startWorker({
      LAB: uniqueLab(),
      AMQP_URL: `amqp://guest:wr0ng-pass@127.0.0.1:${proxy.port}`,
      AMQP_FALLBACK_DELAY: 1,
    });
    const refusal = await worker.untilLogged('broker refuses us');
    expect(refusal).toMatchObject({ level: 'error', reason: expect.stringContaining('correct AMQP_URL') });
    for (const id of [1, 2, 3]) {
      lab.queue({ id });
      await lab.untilEnded();
    }
    expect(lab.violations()).toEqual([]);
    // One connection for the commands, one for the results, whose line is the same and is counted.
    await waitUntil(() => proxy.accepted === 2);
    expect(worker.stderr).not.toContain('wr0ng-pass');
    await proxy.close();
  }, 120_000);

  it('waits for a hub that is away at the start', async () => {
    await hubProxy.set('refuse');
    lab.queue({ id: 1 });
    const worker = lab.startWorker({ HUB_URL: `http://127.0.0.1:${hubProxy.port}` });
    const line = await worker.untilLogged('cannot list queued commands');
    expect(line).toMatchObject({ level: 'error', reason: expect.stringContaining('ECONNREFUSED') });
    await hubProxy.set('pass');
    await lab.untilEnded();
    expect(worker.logged('cannot list queued commands')).toHaveLength(1);
    expect(worker.logged('hub answers again')).toHaveLength(1);
    expect(lab.violations()).toEqual([]);
  });

  it('leaves a state directory to the worker that has it', async () => {
    const first = lab.startWorker();
    await first.untilLogged('polling the hub');
    const second = lab.startWorker();
    expect(await second.exited).toBe(2);
    expect(second.stderr).toMatch(
      new RegExp(`STATE_DIR: ${lab.files.file('state')} is in use by another worker`),
    );
    lab.queue({ id: 1 });
    await lab.untilEnded();
  });

  it('ends with 1 and a last line on an error that nobody handled, and the next start takes up what was under way', async () => {
    const bug = "process.on('SIGUSR2', () => { throw new Error('a bug') })";
    lab.queue({ id: 1, type: 'gated' });
    const program = ['--import', `data:text/javascript,${encodeURIComponent(bug)}`, 'dist/cli.js'];
    const first = lab.startWorker({}, { program });
    await waitUntil(() => lab.power.of(1, 'start').length === 1, { timeoutMs: 30_000 });
    first.signal('SIGUSR2');
    expect(await first.exited).toBe(1);
    expect(first.logged().at(-1)).toMatchObject({
      level: 'error',
      event: 'unhandled error, the process ends',
      reason: expect.stringContaining('a bug'),
    });
    const leftBehind = lab.power.alive();
    lab.startWorker();
    await waitUntil(() => !leftBehind.some(isAlive), { timeoutMs: 30_000 });
    lab.power.letThrough(1);
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
  });

  it('takes up what was under way where /proc shows nothing but processes, as under ProcSubset=pid', async () => {
    const mount = 'mount -t proc -o subset=pid proc /proc && exec "$0" "$@"';
    const under = ['unshare', '-m', 'sh', '-c', mount];
    lab.queue({ id: 1, type: 'gated' });
    const first = lab.startWorker({}, { under });
    await waitUntil(() => lab.power.of(1, 'start').length === 1, { timeoutMs: 30_000 });
    const leftBehind = lab.power.alive();
    await first.kill();
    const second = lab.startWorker({}, { under });
    await waitUntil(() => !leftBehind.some(isAlive), { timeoutMs: 30_000 });
    lab.power.letThrough(1);
    await lab.untilEnded();
    expect(second.logged('journal is unreadable and was set aside, a new one is begun')).toEqual([]);
    expect(lab.hub.latest(1)?.status).toBe('Completed');
    expect(lab.violations()).toEqual([]);
  });

  it('rests a system as long as it takes, across a restart', async () => {
    lab.queue({ id: 1, action: 'off', fqdn: 'a.lab.test' });
    const first = lab.startWorker();
    await lab.untilEnded();
    first.signal('SIGTERM');
    expect(await first.exited).toBe(0);
    lab.queue({ id: 2, action: 'on', fqdn: 'a.lab.test', quiescentPeriod: 4 });
    const second = lab.startWorker();
    const { time: startedAt } = await second.untilLogged('worker starts');
    await lab.untilEnded();
    const offAt = lab.power.of(1, 'end')[0]?.atMs ?? 0;
    const onAt = lab.power.of(2, 'start')[0]?.atMs ?? 0;
    expect(onAt - offAt).toBeGreaterThanOrEqual(4_000);
    // Were the end of the first forgotten, the whole period would have begun anew.
    expect(onAt - Date.parse(String(startedAt))).toBeLessThan(4_000);
  });
});

describe('a worker that is configured wrongly', () => {
  it('says everything that is wrong at once, and exits with 2', async () => {
    const worker = startCli(['worker'], {
      settings: { HUB_URL: 'beaker.example.com', SLEEP_TIME: 'often', CONCURRENCY: 0, STATE_DIR: '/nowhere' },
    });
    expect(await worker.exited).toBe(2);
    for (const key of ['HUB_URL', 'SLEEP_TIME', 'CONCURRENCY'])
      expect(worker.stderr).toMatch(new RegExp(`${key} \\(BEAKER_${key}\\): expected`));
  });

  it('names the line of the file that is wrong', async () => {
    const lab = await openLab();
    writeFileSync(lab.files.file('conf'), 'HUB_URL = "http://hub.example.com"\nSLEEP_TIME = soon\n');
    const worker = startCli(['worker', '--config', lab.files.file('conf')]);
    expect(await worker.exited).toBe(2);
    expect(worker.stderr).toContain(`${lab.files.file('conf')}:2`);
    await lab.close();
  });
});
