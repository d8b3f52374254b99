import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Lanes, type LaneUser } from '../../../src/queue/lanes.ts';

describe('Lanes', () => {
  it('lets users of different lanes go at the same time', () => {
    const lanes = new Lanes();
    expect(lanes.add({ id: 1, lanes: ['a'] })).toBe(true);
    expect(lanes.add({ id: 2, lanes: ['b'] })).toBe(true);
    expect(lanes.take(1)).toBe(true);
    expect(lanes.take(2)).toBe(true);
  });

  it('makes a user wait until all its lanes are free', () => {
    const lanes = new Lanes();
    lanes.add({ id: 1, lanes: ['a'] });
    lanes.add({ id: 2, lanes: ['b'] });
    lanes.take(1);
    lanes.take(2);
    expect(lanes.add({ id: 3, lanes: ['a', 'b'] })).toBe(false);
    expect(lanes.release(1)).toEqual([]);
    expect(lanes.release(2)).toEqual([3]);
  });

  it('lets the lower id go first, even when it comes later', () => {
    const lanes = new Lanes();
    expect(lanes.add({ id: 9, lanes: ['a'] })).toBe(true);
    expect(lanes.add({ id: 4, lanes: ['a'] })).toBe(true);
    expect(lanes.take(9)).toBe(false);
    expect(lanes.take(4)).toBe(true);
    expect(lanes.release(4)).toEqual([9]);
  });

  it('keeps a lane closed that two are known to have, until both have left it', () => {
    const lanes = new Lanes();
    for (const id of [1, 2]) lanes.hold({ id, lanes: ['a'] });
    expect(lanes.release(1)).toEqual([]);
    expect(lanes.areFree(['a'])).toBe(false);
    expect(lanes.add({ id: 3, lanes: ['a'] })).toBe(false);
    expect(lanes.release(2)).toEqual([3]);
  });

  it('skips users that have left while they waited', () => {
    const lanes = new Lanes();
    for (const id of [1, 2, 3]) lanes.add({ id, lanes: ['a'] });
    lanes.take(1);
    expect(lanes.release(2)).toEqual([]);
    expect(lanes.release(1)).toEqual([3]);
  });

  it('keeps lanes closed for one that is known to have them, whoever waits', () => {
    const lanes = new Lanes();
    lanes.add({ id: 1, lanes: ['a'] });
    lanes.hold({ id: 7, lanes: ['a', 'b'] });
    expect(lanes.isFirst(1)).toBe(false);
    expect(lanes.add({ id: 8, lanes: ['b'] })).toBe(false);
    expect([...lanes.release(7)].sort()).toEqual([1, 8]);
  });

  it('lets a user that waits become one that holds', () => {
    const lanes = new Lanes();
    lanes.add({ id: 1, lanes: ['a'] });
    lanes.add({ id: 2, lanes: ['a'] });
    lanes.hold({ id: 2, lanes: ['a'] });
    expect(lanes.isFirst(1)).toBe(false);
    expect(lanes.release(2)).toEqual([1]);
  });

  it('never has two users in a lane, keeps the order of ids, and leaves nobody waiting without reason', () => {
    const lane = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const wishes = fc.array(fc.uniqueArray(lane, { minLength: 1, maxLength: 3 }), { maxLength: 40 });
    // Each number says what happens next: whether one of those that hold lanes leaves, and which.
    const schedule = fc.infiniteStream(fc.nat());
    fc.assert(
      fc.property(wishes, schedule, fc.boolean(), (all, choices, isBackwards) => {
        const users = all.map((lanesOfUser, index) => ({ id: index + 1, lanes: lanesOfUser }));
        expectOrderlyRun(isBackwards ? users.reverse() : users, choices);
      }),
    );
  });

  it('is through with 100,000 users of one lane, added last to first, in linear steps', () => {
    const lanes = new Lanes();
    const count = 100_000;
    for (let id = count; id > 0; id -= 1) lanes.add({ id, lanes: ['pdu', `system-${id % 10_000}`] });
    let next: number | undefined = 1;
    let done = 0;
    while (next !== undefined && lanes.take(next)) {
      done += 1;
      next = lanes.release(next)[0];
    }
    expect(done).toBe(count);
  });
});

/** Adds all users, then lets them go and leave in an order that `choices` decides, and looks at every step. */
function expectOrderlyRun(users: readonly LaneUser[], choices: Iterator<number>): void {
  const lanes = new Lanes();
  const ready = new Set<number>();
  const byId = new Map(users.map((user) => [user.id, user]));
  const active = new Map<string, number>();
  const lastIn = new Map<string, number>();
  const finished: number[] = [];
  for (const user of users) if (lanes.add(user)) ready.add(user.id);

  while (finished.length < users.length) {
    for (const id of ready) {
      ready.delete(id);
      if (!lanes.take(id)) continue;
      for (const name of byId.get(id)?.lanes ?? []) {
        expect(active.get(name)).toBeUndefined();
        expect(lastIn.get(name) ?? 0).toBeLessThan(id);
        active.set(name, id);
        lastIn.set(name, id);
      }
    }
    const running = [...new Set(active.values())];
    // Work-conserving: as long as somebody waits, somebody runs.
    expect(running.length).toBeGreaterThan(0);
    const leaving = running[Number(choices.next().value) % running.length] ?? 0;
    for (const name of byId.get(leaving)?.lanes ?? []) active.delete(name);
    finished.push(leaving);
    for (const id of lanes.release(leaving)) ready.add(id);
  }
}
