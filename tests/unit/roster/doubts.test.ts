import { beforeEach, describe, expect, it } from '@jest/globals';
import { Doubts } from '../../../src/roster/doubts.ts';
import { Roster } from '../../../src/roster/roster.ts';
import { announced, announcement } from '../../helpers/announcements.ts';

const GRACE_MS = 60_000;

describe('doubts', () => {
  let now: number;
  let roster: Roster;
  let asked: string[];
  let doubts: Doubts;

  beforeEach(() => {
    now = 1_000_000;
    asked = [];
    roster = new Roster({ self: 'me', now: () => now });
    roster.hearing(true);
    doubts = new Doubts({ roster, ask: (token) => asked.push(token), graceMs: GRACE_MS, now: () => now });
  });

  const ids = Array.from({ length: 200 }, (_, index) => index + 1);
  /** The questions so far go round, and the other worker answers them, naming these. */
  const allAnswer = (...running: readonly number[]): void => {
    roster.heard(announcement({ worker: 'me', answers: asked }));
    const said = { answers: asked, running: running.map((id) => announced(id)) };
    roster.heard(announcement({ worker: 'other', ...said }));
  };

  it('are settled by one question, however many there are', () => {
    expect(ids.map((id) => doubts.whose(id))).toEqual(ids.map(() => 'unsure'));
    expect(asked).toHaveLength(1);
    allAnswer(7);
    now += 1_000;
    expect(ids.map((id) => doubts.whose(id))).toEqual(ids.map((id) => (id === 7 ? 'theirs' : 'ours')));
  });

  it('are not settled by a question that was asked before they arose', () => {
    doubts.whose(1);
    allAnswer();
    now += 1_000;
    expect(doubts.whose(2)).toBe('unsure');
    expect(asked).toHaveLength(2);
  });

  it('count as the others’ after the grace, which begins when the question has gone round', () => {
    roster.heard(announcement({ worker: 'silent' }));
    doubts.whose(1);
    now += 2 * GRACE_MS;
    expect(doubts.whose(1)).toBe('unsure');
    roster.heard(announcement({ worker: 'me', answers: asked }));
    now += 20_000;
    roster.heard(announcement({ worker: 'me', answers: asked }));
    now += 20_000;
    roster.heard(announcement({ worker: 'me', answers: asked }));
    now += 19_999;
    expect(doubts.whose(1)).toBe('unsure');
    now += 1;
    expect(doubts.whose(1)).toBe('theirs');
  });
});
