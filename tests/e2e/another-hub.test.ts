import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startForeignHub, type ForeignHub } from '../helpers/foreign-hub.ts';
import { openLab, type Lab, wireCommand } from '../helpers/lab.ts';
import { startTcpProxy, type TcpProxy } from '../helpers/tcp-proxy.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a hub that is set up anew while a worker runs, and gives old ids to other commands', () => {
  let lab: Lab;
  let other: ForeignHub;
  let proxy: TcpProxy;
  let target: { port: number };

  beforeEach(async () => {
    lab = await openLab();
    other = await startForeignHub();
    target = { port: lab.hub.port };
    proxy = await startTcpProxy(target);
  });
  afterEach(async () => {
    await lab.close();
    await proxy.close();
    await other.close();
  });

  it('hears nothing of what the former had, and has its own commands run in their place', async () => {
    const worker = lab.startWorker({ HUB_URL: `http://127.0.0.1:${proxy.port}`, SLEEP_TIME: 3 });
    lab.queue(
      { id: 1, fqdn: 'one.lab', type: 'gated' },
      // It waits for the first.
      { id: 2, fqdn: 'one.lab' },
    );
    await waitUntil(() => lab.power.of(1, 'start').length === 1, { what: 'the first script' });
    await proxy.set('refuse');
    await worker.untilLogged('cannot list queued commands');
    other.queue(
      wireCommand({ id: 1, fqdn: 'two.lab', action: 'off' }),
      wireCommand({ id: 2, fqdn: 'three.lab', action: 'off' }),
    );
    // Before it polls again, the first ends and the second may run.
    lab.power.letThrough(1);
    await waitUntil(() => lab.power.of(1, 'end').length === 1, { what: 'the end of the first script' });
    target.port = other.port;
    await proxy.set('pass');
    await waitUntil(() => other.latest(2)?.status === 'Completed', {
      timeoutMs: 60_000,
      what: 'the second command of the new hub',
    });
    // A worker takes an id that it has just done with for the same command, for a minute.
    expect(other.latest(1)?.status).toBe('Queued');
    expect(lab.power.of(2).map(({ event, fqdn }) => `${event} ${fqdn}`)).toEqual([
      'start three.lab',
      'end three.lab',
    ]);
    expect(lab.hub.latest(1)?.status).toBe('Running');
  });
});
