import { beforeEach, describe, expect, it } from '@jest/globals';
import { Roster, SILENT_AFTER_MS } from '../../../src/roster/roster.ts';
import { announced, announcement } from '../../helpers/announcements.ts';

let now: number;
let roster: Roster;

beforeEach(() => {
  now = 1_000_000;
  roster = new Roster({ self: 'me', now: () => now });
  roster.hearing(true);
  hearSelf();
});

/** A broker that delivers lets a worker hear itself, too. */
function hearSelf(): void {
  roster.heard(announcement({ worker: 'me' }));
}

describe('a roster', () => {
  it('knows what other workers run, and not what this one says of itself', () => {
    roster.heard(announcement({ worker: 'w1', running: [announced(7, { address: 'pdu1' })] }));
    roster.heard(announcement({ worker: 'me', running: [announced(8)] }));
    expect(roster.named(7)).toMatchObject({ fqdn: 'sys7.lab.test', address: 'pdu1' });
    expect(roster.named(8)).toBeUndefined();
  });

  it('takes a worker for another that has a copy of the journal and began later, and no earlier life', () => {
    roster = new Roster({ self: 'me', selfStartedAtMs: 5, now: () => now });
    const [before, own, copy] = [4, 5, 6].map((startedAtMs) =>
      announcement({ worker: 'me', startedAtMs, running: [announced(startedAtMs)] }),
    );
    for (const one of [before, own, copy]) if (one !== undefined) roster.heard(one);
    expect([before, own, copy].map((one) => one && roster.isCopy(one))).toEqual([false, false, true]);
    expect(roster.allRunningElsewhere().map(({ command }) => command.id)).toEqual([6]);
    expect(roster.isAlone).toBe(false);
  });

  it('names also what a worker may have been given, and does not call it running', () => {
    roster.heard(announcement({ doubting: [announced(7)], asking: [announced(8)] }));
    expect([7, 8].map((id) => roster.named(id)?.fqdn)).toEqual(['sys7.lab.test', 'sys8.lab.test']);
    expect(roster.allRunningElsewhere()).toEqual([]);
  });

  it('lets no announcement count that comes after a later one, not even one of an earlier life', () => {
    roster.heard(announcement({ startedAtMs: 5, nth: 2, running: [announced(7)] }));
    expect(roster.heard(announcement({ startedAtMs: 5, nth: 1 }))).toBe(false);
    expect(roster.heard(announcement({ startedAtMs: 4, nth: 9 }))).toBe(false);
    expect(roster.named(7)).toBeDefined();
    expect(roster.heard(announcement({ startedAtMs: 6, nth: 1 }))).toBe(true);
    expect(roster.named(7)).toBeUndefined();
  });

  it('lets one count that was made by a clock which has been set back, once no old ones can be under way', () => {
    roster.heard(announcement({ startedAtMs: 5 }));
    now += 60_000;
    expect(roster.heard(announcement({ startedAtMs: 4 }))).toBe(true);
  });

  it('hears since it has heard itself, until it does not hear itself any more', () => {
    roster.hearing(true);
    expect(roster.hearingSince).toBeUndefined();
    hearSelf();
    const since = now;
    now += 10_000;
    hearSelf();
    expect(roster.hearingSince).toBe(since);
    now += SILENT_AFTER_MS + 1;
    expect(roster.hearingSince).toBeUndefined();
    hearSelf();
    expect(roster.hearingSince).toBe(now);
  });

  it('remembers what a worker ran that has fallen silent, and tells that it is not fresh', () => {
    roster.heard(announcement({ running: [announced(7)] }));
    now += SILENT_AFTER_MS + 1;
    expect(roster.allRunningElsewhere()).toMatchObject([{ command: { id: 7 }, isFresh: false }]);
    expect(roster.inHand()).toEqual(new Set());
  });

  it('calls a worker silent after half a minute, and gone only after ten', () => {
    roster.heard(announcement({ worker: 'w1' }));
    const [heard] = roster.workers();
    const states = (): unknown => heard && [roster.isSilent(heard), roster.isGone(heard)];
    now += SILENT_AFTER_MS;
    expect(states()).toEqual([false, false]);
    now += 1;
    expect(states()).toEqual([true, false]);
    now += 600_000 - SILENT_AFTER_MS - 1;
    expect(states()).toEqual([true, false]);
    now += 1;
    expect(states()).toEqual([true, true]);
  });

  it('forgets a command when its end is told', () => {
    roster.heard(announcement({ running: [announced(7), announced(8)] }));
    roster.ended(7);
    expect(roster.allRunningElsewhere().map(({ command }) => command.id)).toEqual([8]);
  });

  it('counts as in hand what a worker runs, asks for, doubts and has in line', () => {
    const said = {
      running: [announced(1)],
      asking: [announced(2)],
      doubting: [announced(3)],
      waiting: { 'a.lab.test': [4, 5] },
    };
    roster.heard(announcement(said));
    expect([...roster.inHand()].sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it('tells when a command was last named by a worker that may have claimed it', () => {
    roster.heard(announcement({ worker: 'w1', running: [announced(1)], waiting: { 'a.lab.test': [2] } }));
    const heardAt = now;
    now += 5_000;
    roster.heard(announcement({ worker: 'w2' }));
    expect(roster.lastNamedAt(1)).toBe(heardAt);
    expect(roster.lastNamedAt(2)).toBeUndefined();
  });

  it('forgets a relay that leaves', () => {
    const relay = { lab: 'lab.test', name: 'r:1', isLeading: true, waiting: 0, published: 0, running: 0 };
    roster.heardRelay({ ...relay, isLeaving: false, lanes: {} });
    expect(roster.relays()).toHaveLength(1);
    roster.heardRelay({ ...relay, isLeaving: true, lanes: {} });
    expect(roster.relays()).toHaveLength(0);
  });
});

describe('a command that was asked for without hearing the answer', () => {
  const doubt = ['why'];
  const later = (): void => void (now += 1_000);
  const goesRound = (): void => void roster.heard(announcement({ worker: 'me', answers: doubt }));

  beforeEach(goesRound);

  it('is ours when nobody else is there', () => {
    expect(roster.whose(7, doubt)).toBe('unsure');
    later();
    expect(roster.whose(7, doubt)).toBe('ours');
  });

  it('is ours when all the others have answered and none has it', () => {
    roster.heard(announcement({ worker: 'w1', answers: ['why'] }));
    roster.heard(announcement({ worker: 'w2', answers: ['older', 'why'] }));
    later();
    expect(roster.whose(7, doubt)).toBe('ours');
  });

  it('is theirs when another runs it', () => {
    roster.heard(announcement({ running: [announced(7)] }));
    expect(roster.whose(7, doubt)).toBe('theirs');
  });

  it('stays open while another has not answered, whenever it was heard', () => {
    later();
    roster.heard(announcement({ answers: ['older'] }));
    later();
    expect(roster.whose(7, doubt)).toBe('unsure');
  });

  it('stays open while another is just asking for it', () => {
    roster.heard(announcement({ asking: [announced(7)], answers: ['why'] }));
    later();
    expect(roster.whose(7, doubt)).toBe('unsure');
  });

  it('belongs to the lower identity of two that doubt, once the other has given way', () => {
    later();
    roster.heard(announcement({ worker: 'a', doubting: [announced(7)], answers: ['why'] }));
    expect(roster.whose(7, doubt)).toBe('theirs');
    roster.heard(announcement({ worker: 'a', answers: ['why'] }));
    roster.heard(announcement({ worker: 'z', doubting: [announced(7)], answers: ['why'] }));
    expect(roster.whose(7, doubt)).toBe('unsure');
    roster.heard(announcement({ worker: 'z', answers: ['why'] }));
    expect(roster.whose(7, doubt)).toBe('ours');
  });

  it('stays open while a worker known from before the start has not been heard', () => {
    roster.expect('w1');
    later();
    expect(roster.whose(7, doubt)).toBe('unsure');
    roster.heard(announcement({ answers: ['why'] }));
    expect(roster.whose(7, doubt)).toBe('ours');
  });

  it('does not wait for a worker that has been gone for long, unless that may be polling', () => {
    roster.heard(announcement({ worker: 'w1', isPrimary: false }));
    later();
    expect(roster.whose(7, doubt)).toBe('unsure');
    now += 600_000;
    goesRound();
    later();
    expect(roster.whose(7, doubt)).toBe('ours');
    roster.heard(announcement({ worker: 'w2', isPrimary: true }));
    now += 600_000;
    goesRound();
    later();
    expect(roster.whose(7, doubt)).toBe('unsure');
  });

  it('stays open when a worker has left, that may be back and not heard yet', () => {
    roster.heard(announcement({ isLeaving: true }));
    later();
    expect(roster.whose(7, doubt)).toBe('unsure');
  });

  it('stays open until the question has gone round, however long ago it was asked', () => {
    later();
    expect(roster.whose(7, ['another'])).toBe('unsure');
    roster.hearing(false);
    roster.hearing(true);
    hearSelf();
    later();
    expect(roster.whose(7, doubt)).toBe('unsure');
    goesRound();
    later();
    expect(roster.whose(7, doubt)).toBe('ours');
  });

  it('takes an answer to any of the questions, also when others were answered since', () => {
    roster.heard(announcement({ nth: 1, answers: ['why'] }));
    roster.heard(announcement({ nth: 2, answers: ['other'] }));
    later();
    expect(roster.whose(7, doubt)).toBe('ours');
  });

  it('stays open while nobody can be heard', () => {
    later();
    roster.hearing(false);
    expect(roster.whose(7, doubt)).toBe('unsure');
  });
});

describe('a doubt in a lab with a long grace', () => {
  let nowMs = 0;
  const roster = new Roster({ self: 'me', now: () => nowMs, graceMs: 900_000 });

  it('is not settled against a worker that has named the command, however long ago, nor without one that may come back', () => {
    roster.hearing(true);
    roster.heard(announcement({ worker: 'w1', isPrimary: false, running: [announced(5)] }));
    nowMs += 700_000;
    roster.heard(announcement({ worker: 'me', answers: ['token'] }));
    nowMs += 5_000;
    expect(roster.whose(5, ['token'])).toBe('theirs');
    expect(roster.whose(6, ['token'])).toBe('unsure');
    nowMs += 1_800_000;
    roster.heard(announcement({ worker: 'me', nth: 2, answers: ['later'] }));
    nowMs += 5_000;
    expect(roster.whose(6, ['later'])).toBe('ours');
  });

  it('does not wait for a primary that has said goodbye with nothing left to do', () => {
    roster.heard(announcement({ worker: 'w2', isPrimary: true, isLeaving: true }));
    nowMs += 2_000_000;
    roster.heard(announcement({ worker: 'me', nth: 3, answers: ['again'] }));
    nowMs += 5_000;
    expect(roster.whose(7, ['again'])).toBe('ours');
  });
});
