import { describe, expect, test } from '@jest/globals';
import { RecentIds } from '../../../src/queue/recent-ids.ts';

describe('ids that are remembered for a while', () => {
  test('each is known for its own while, whatever was added before and after', () => {
    let now = 0;
    const ids = new RecentIds(100, { now: () => now });
    const known = (): readonly number[] => [1, 2, 3].filter((id) => ids.has(id));
    ids.add(1);
    now = 60;
    ids.add(2);
    now = 99;
    expect(known()).toEqual([1, 2]);
    now = 100;
    ids.add(3);
    expect(known()).toEqual([2, 3]);
    now = 160;
    expect(known()).toEqual([3]);
    now = 200;
    expect(known()).toEqual([]);
  });

  test('one that is added again is known for a while from then', () => {
    let now = 0;
    const ids = new RecentIds(100, { now: () => now });
    ids.add(1);
    now = 90;
    ids.add(1);
    now = 110;
    ids.add(2);
    expect(ids.has(1)).toBe(true);
    now = 190;
    expect(ids.has(1)).toBe(false);
  });

  test('each is known for its own while though more are added all the time', () => {
    let now = 0;
    const ids = new RecentIds(100, { now: () => now });
    for (let id = 0; id < 50; id += 1) {
      ids.add(id);
      const known = Array.from({ length: id + 1 }, (_, other) => other).filter((other) => ids.has(other));
      expect(known[0]).toBe(Math.max(0, id - 9));
      expect(known).toHaveLength(Math.min(id + 1, 10));
      now += 10;
    }
  });

  test('takes no longer for an id when there were many before it', () => {
    let now = 0;
    const ids = new RecentIds(60_000, { now: () => now });
    const minuteMs = (): number => {
      const startedAt = performance.now();
      for (let count = 0; count < 120_000; count += 1) {
        now += 0.5;
        ids.add(now);
        ids.has(now);
      }
      return performance.now() - startedAt;
    };
    const first = minuteMs();
    minuteMs();
    // Walking past the ids that were forgotten made it a hundred times as long.
    expect(minuteMs()).toBeLessThan(10 * first + 500);
  });
});
