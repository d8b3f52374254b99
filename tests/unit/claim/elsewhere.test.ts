import { beforeEach, describe, expect, it } from '@jest/globals';
import { Elsewhere } from '../../../src/claim/elsewhere.ts';
import { CommandQueue } from '../../../src/queue/command-queue.ts';
import { Roster } from '../../../src/roster/roster.ts';
import { announced, announcement } from '../../helpers/announcements.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

const FQDN = 'sys1.lab.test';
/** A command that this worker has ended itself. */
const OWN = 9;

describe('what other workers run', () => {
  let clock: VirtualClock;
  let queue: CommandQueue;
  let roster: Roster;
  let elsewhere: Elsewhere;
  let powerEnds: Map<string, number>;
  let started: number[];
  let running: number[];
  let colleagues: string[];

  beforeEach(() => {
    clock = new VirtualClock();
    powerEnds = new Map();
    started = [];
    running = [1];
    colleagues = [];
    roster = new Roster({ self: 'me', now: () => clock.now() });
    queue = new CommandQueue({
      concurrency: 10,
      lastPowerEnd: (fqdn) => powerEnds.get(fqdn),
      claimRetryMs: () => 1_000,
      clock,
      handlers: {
        claim: async ({ id }) => {
          started.push(id);
          return 'won';
        },
        run: async () => 'ended',
        report: async () => {},
        alsoReplyTo: () => {},
      },
    });
    elsewhere = new Elsewhere({
      hub: { runningIds: async () => running },
      answers: { isOwn: ({ id }) => id === OWN },
      queue,
      roster,
      journal: {
        powerEnded: (fqdn) => void powerEnds.set(fqdn, clock.now()),
        colleagueCame: (worker) => void colleagues.push(`${worker} came`),
        colleagueLeft: (worker) => void colleagues.push(`${worker} left`),
      },
      log: silentLogger,
    });
    const said = announcement({ running: [announced(1, { fqdn: FQDN, action: 'off' })] });
    roster.heard(said);
    elsewhere.announced(said);
  });

  const result = {
    id: 1,
    lab: 'lab.test',
    fqdn: FQDN,
    action: 'off',
    status: 'completed',
    worker: 'w1:1',
  } as const;

  it('closes its lanes, and its end begins the rest before they open', async () => {
    powerEnds.set(FQDN, clock.now() - 60_000);
    queue.add(powerCommand({ id: 2, fqdn: FQDN, quiescentPeriodS: 5 }));
    await clock.advance(60_000);
    expect(started).toEqual([]);
    elsewhere.result(result);
    expect(roster.allRunningElsewhere()).toEqual([]);
    await clock.advance(4_999);
    expect(started).toEqual([]);
    await clock.advance(1);
    await queue.idle();
    expect(started).toEqual([2]);
  });

  it('is not what this worker tells of its own: its journal knows when that ended', () => {
    elsewhere.result({ ...result, id: OWN });
    expect(powerEnds.size).toBe(0);
    elsewhere.result({ ...result, id: 8 });
    expect(powerEnds.get(FQDN)).toBe(clock.now());
  });

  it('begins no rest when it leaves the power alone, whether it was heard of before or not', () => {
    const said = announcement({ running: [announced(3, { fqdn: FQDN, action: 'clear_logs' })] });
    roster.heard(said);
    elsewhere.announced(said);
    for (const id of [3, 8]) elsewhere.result({ ...result, id, action: 'clear_logs' });
    expect(powerEnds.size).toBe(0);
    expect(queue.phaseOf(3)).toBeUndefined();
  });

  it('is journaled by worker, once, until that leaves with nothing in hand', () => {
    const running = [announced(1, { fqdn: FQDN, action: 'off' })];
    elsewhere.announced(announcement({ running }));
    expect(colleagues).toEqual(['w1 came']);
    elsewhere.announced(announcement({ running, isLeaving: true }));
    expect(colleagues).toEqual(['w1 came']);
    elsewhere.announced(announcement({ isLeaving: true }));
    expect(colleagues).toEqual(['w1 came', 'w1 left']);
    elsewhere.announced(announcement());
    elsewhere.announced(announcement());
    expect(colleagues).toEqual(['w1 came', 'w1 left', 'w1 came']);
  });

  it('ends when the hub lists it no longer and nobody is heard to run it', async () => {
    const stopping = new AbortController();
    let looks = 0;
    const watching = new Elsewhere({
      hub: {
        runningIds: async () => {
          looks += 1;
          return running;
        },
      },
      answers: { isOwn: ({ id }) => id === OWN },
      queue,
      roster,
      journal: { powerEnded: () => {}, colleagueCame: () => {}, colleagueLeft: () => {} },
      log: silentLogger,
    }).watch(1, stopping.signal);
    try {
      roster.heard(announcement({ nth: 2 }));
      await waitUntil(() => looks >= 3);
      expect(queue.phaseOf(1)).toBe('elsewhere');
      running = [];
      await waitUntil(() => queue.phaseOf(1) === undefined);
    } finally {
      stopping.abort();
      await watching;
    }
  });

  it('stays closed when an announcement names it no longer, until the hub or an outcome says so', () => {
    const said = announcement({ nth: 2 });
    roster.heard(said);
    elsewhere.announced(said);
    expect(elsewhere.unheard()).toEqual([{ id: 1, fqdn: FQDN, action: 'off', address: '' }]);
    elsewhere.result(result);
    expect(elsewhere.unheard()).toEqual([]);
  });
});
