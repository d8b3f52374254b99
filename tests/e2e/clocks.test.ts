import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CliProcess } from '../helpers/cli-process.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { setClock, type SetClock } from '../helpers/set-clock.ts';
import { waitUntil } from '../helpers/wait-until.ts';

const HOUR_S = 3_600;

describe('a worker whose wall clock is set', () => {
  let lab: Lab;
  let clock: SetClock;

  beforeEach(async () => {
    lab = await openLab();
    clock = setClock(lab.files.file('clock'));
  });
  afterEach(() => lab.close());

  const start = (): CliProcess => lab.startWorker({}, { env: clock.env });
  /** The worker has asked for the list once more, and so knows what is queued now. */
  const listed = async (): Promise<void> => {
    const lists = (): number =>
      lab.hub.calls.filter((call) => call.endsWith('queued_command_details')).length;
    const before = lists();
    await waitUntil(() => lists() >= before + 2);
  };
  const at = (id: number, event: 'start' | 'end'): number => lab.power.of(id, event)[0]?.atMs ?? NaN;

  it.each([HOUR_S, -HOUR_S])(
    'waits for a delay as long as it is, no more and no less (%i s)',
    async (byS) => {
      start();
      const queuedAt = Date.now();
      lab.queue({ id: 1, delay: 4 });
      await listed();
      clock.set(byS);
      await lab.untilEnded(1);
      expect(at(1, 'start') - queuedAt).toBeGreaterThanOrEqual(4_000);
      expect(at(1, 'start') - queuedAt).toBeLessThan(30_000);
    },
  );

  it.each([HOUR_S, -HOUR_S])('lets a system rest for its whole period (%i s)', async (byS) => {
    start();
    lab.queue({ id: 1, fqdn: 'sys.lab.test' });
    await lab.untilEnded(1);
    lab.queue({ id: 2, fqdn: 'sys.lab.test', action: 'off', quiescentPeriod: 4 });
    await listed();
    clock.set(byS);
    await lab.untilEnded(2);
    expect(at(2, 'start') - at(1, 'end')).toBeGreaterThanOrEqual(4_000);
    expect(at(2, 'start') - at(1, 'end')).toBeLessThan(30_000);
  });

  it.each([HOUR_S, -HOUR_S])(
    'counts a rest on when it was set while the worker was away (%i s)',
    async (byS) => {
      const first = start();
      lab.queue({ id: 1, fqdn: 'sys.lab.test' });
      await lab.untilEnded(1);
      first.signal('SIGTERM');
      expect(await first.exited).toBe(0);
      clock.set(byS);
      start();
      lab.queue({ id: 2, fqdn: 'sys.lab.test', action: 'off', quiescentPeriod: 6 });
      await lab.untilEnded(2);
      expect(at(2, 'start') - at(1, 'end')).toBeGreaterThanOrEqual(6_000);
      expect(at(2, 'start') - at(1, 'end')).toBeLessThan(30_000);
    },
  );

  it('says in its log what the clock shows, and how long a command ran by no such clock', async () => {
    const worker = start();
    lab.queue({ id: 1, type: 'gated' });
    await worker.untilLogged('command started');
    clock.set(HOUR_S);
    lab.power.letThrough(1);
    const { ranMs, time } = await worker.untilLogged('command ended');
    expect(ranMs).toBeLessThan(60_000);
    expect(Date.parse(String(time)) - Date.now()).toBeGreaterThan(3_000_000);
  });
});
