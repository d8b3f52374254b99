import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { startCli, type CliProcess } from '../helpers/cli-process.ts';
import { joinBroker, type LabBroker } from '../helpers/lab-broker.ts';
import { recordPower, type PowerRecorder } from '../helpers/power-recorder.ts';
import { tempDir, type TempDir } from '../helpers/temp-dir.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** Systems `a` and `b` hang on one controller, `c` on its own, `d` is out of order. The user tells the recorder's scripts apart. */
const SYSTEMS = [
  { fqdn: 'a.lab.test', power: { type: 'gated', address: 'pdu1', id: 'a.lab.test', user: '1' } },
  { fqdn: 'b.lab.test', power: { type: 'gated', address: 'pdu1', id: 'b.lab.test', user: '2' } },
  { fqdn: 'c.lab.test', power: { type: 'quick', address: 'bmc-c', id: 'c.lab.test', user: '3' } },
  { fqdn: 'd.lab.test', power: { type: 'refusing', address: 'bmc-d', id: 'd.lab.test', user: '4' } },
];

describe('the small hub and a worker beside it', () => {
  let broker: LabBroker;
  let power: PowerRecorder;
  let files: TempDir;
  let server: CliProcess;
  let serverUrl: string;
  let running: CliProcess[];

  beforeEach(async () => {
    running = [];
    [broker, power, files] = [await joinBroker(), recordPower(), tempDir()];
    writeFileSync(files.file('systems.json'), JSON.stringify(SYSTEMS));
    server = start('server', {
      SERVER_LISTEN: '127.0.0.1:0',
      SERVER_SYSTEMS: files.file('systems.json'),
      STATE_DIR: files.file('server'),
    });
    serverUrl = String((await server.untilLogged('server started'))['url']);
  }, 120_000);

  afterEach(async () => {
    await Promise.all(running.map((one) => one.kill()));
    power.remove();
    files.remove();
    await broker.close();
  });

  function start(role: string, settings: Record<string, string>, args: readonly string[] = []): CliProcess {
    const started = startCli([role, ...args], {
      settings: {
        ...broker.settings,
        USERNAME: `host/${broker.lab}`,
        PASSWORD: 'l4b-pass',
        LOG_LEVEL: 'debug',
        ...settings,
      },
    });
    running.push(started);
    return started;
  }

  async function startWorker(): Promise<CliProcess> {
    const worker = start('worker', {
      HUB_URL: serverUrl,
      STATE_DIR: files.file('worker'),
      POWER_SCRIPTS_DIR: power.scriptsDir,
      POWER_ATTEMPTS: '1',
    });
    await worker.untilLogged('taking pushed commands');
    return worker;
  }

  const queue = (...args: string[]): CliProcess =>
    start('queue', { SERVER_URL: serverUrl, LOG_LEVEL: 'error' }, args);
  const published = (): unknown[] => broker.commands.map(({ body }) => body['id']);

  it('publishes a command once nothing earlier is in its way, and not before', async () => {
    await startWorker();
    for (const fqdn of ['a.lab.test', 'b.lab.test', 'c.lab.test'])
      expect(await queue(fqdn, 'on').exited).toBe(0);
    await waitUntil(() => power.of(3, 'end').length === 1);
    await waitUntil(() => power.of(1, 'start').length === 1);
    expect(published()).toEqual([1, 3]);
    power.letThrough(1);
    await waitUntil(() => power.of(2, 'start').length === 1);
    expect(published()).toEqual([1, 3, 2]);
    power.letThrough(2);
    await waitUntil(() => power.of(2, 'end').length === 1);
    expect(power.lines().filter(({ event }) => event === 'overlap')).toEqual([]);
  });

  it('queue --wait exits with 0 when all completed, and with 1 when one did not', async () => {
    await startWorker();
    const good = queue('c.lab.test', 'off', 'on', '--wait');
    expect(await good.exited).toBe(0);
    expect(good.stdout).toMatch(/1 {2}c\.lab\.test {2}off +Completed[^]*2 {2}c\.lab\.test {2}on +Completed/);
    const bad = queue('d.lab.test', 'on', '--wait');
    expect(await bad.exited).toBe(1);
    expect(bad.stdout).toMatch(/Failed .*exit status 3/);
    expect(await queue('nobody.lab.test', 'on').exited).toBe(1);
    expect(await queue('c.lab.test', 'explode').exited).toBe(2);
  });

  it('knows after a restart what was queued, and publishes it again', async () => {
    expect(await queue('c.lab.test', 'on').exited).toBe(0);
    await waitUntil(() => published().length === 1);
    server.signal('SIGTERM');
    expect(await server.exited).toBe(0);
    const again = start('server', {
      SERVER_LISTEN: new URL(serverUrl).host,
      STATE_DIR: files.file('server'),
    });
    await again.untilLogged('server started');
    await waitUntil(() => published().length === 2);
    await startWorker();
    await waitUntil(() => power.of(3, 'end').length === 1);
    await waitUntil(() => broker.results.some(({ body }) => body['status'] === 'completed'));
    expect(power.of(3, 'start')).toHaveLength(1);
  });
});
