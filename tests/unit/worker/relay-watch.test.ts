import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { RelayAnnouncement } from '../../../src/broker/announcement.ts';
import type { Heard } from '../../../src/roster/roster.ts';
import { steadyNow } from '../../../src/steady-clock.ts';
import { RelayWatch } from '../../../src/worker/relay-watch.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';

describe('the watch for a relay that leads', () => {
  let relays: Heard<RelayAnnouncement>[];
  let listeningSince: number | undefined;
  let isSilent: boolean;
  let changes: number;
  let watch: RelayWatch;

  beforeEach(() => {
    jest.useFakeTimers();
    [relays, listeningSince, isSilent, changes] = [[], steadyNow(), false, 0];
    watch = new RelayWatch({
      roster: {
        relays: () => relays,
        isSilent: () => isSilent,
        get listeningSince() {
          return listeningSince;
        },
      },
      onChange: () => (changes += 1),
      log: silentLogger,
    });
  });
  afterEach(() => {
    watch.stop();
    jest.useRealTimers();
  });

  const pass = (seconds: number): void => jest.advanceTimersByTime(seconds * 1_000);
  const leads = (): void => {
    relays = [{ last: { ...RELAY, isLeading: true }, heardAt: steadyNow() }];
  };

  it('misses one that has led, when none leads for half a minute', () => {
    leads();
    pass(10);
    relays = [{ last: RELAY, heardAt: steadyNow() }];
    pass(28);
    expect(watch.areMissed).toBe(false);
    pass(4);
    expect([watch.areMissed, changes]).toEqual([true, 1]);
    leads();
    pass(2);
    expect([watch.areMissed, changes]).toEqual([false, 2]);
  });

  it('misses one that is silent', () => {
    leads();
    pass(10);
    isSilent = true;
    pass(32);
    expect(watch.areMissed).toBe(true);
  });

  it('misses none in a lab that never had one', () => {
    pass(600);
    expect(watch.areMissed).toBe(false);
  });

  it('counts no time in which it did not listen', () => {
    leads();
    pass(10);
    relays = [];
    listeningSince = undefined;
    pass(600);
    expect(watch.areMissed).toBe(false);
    listeningSince = steadyNow();
    pass(28);
    expect(watch.areMissed).toBe(false);
    pass(4);
    expect(watch.areMissed).toBe(true);
  });
});

const RELAY: RelayAnnouncement = {
  lab: 'lab.test',
  name: 'host:1',
  isLeading: false,
  isLeaving: false,
  waiting: 0,
  published: 0,
  running: 0,
  lanes: {},
};
