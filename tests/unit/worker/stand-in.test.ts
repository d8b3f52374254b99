import { beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { StandIn } from '../../../src/worker/stand-in.ts';

describe('a worker that stands in for the fallback primary', () => {
  let ours: Set<number>;
  let standIn: StandIn;
  beforeEach(() => {
    ours = new Set();
    standIn = new StandIn({ isClaimedHere: (id) => ours.has(id), log: silentLogger });
  });
  const look = (...ids: readonly number[]): boolean => standIn.look(new Set(ids));

  it('takes nothing while somebody takes what is queued', () => {
    expect([look(1, 2, 3), look(2, 3), look(3), look(3, 4), look(4)]).not.toContain(true);
  });

  it('takes nothing while nothing is queued', () => {
    expect([look(), look(), look(), look(), look()]).not.toContain(true);
  });

  it('takes over when three looks in a row find nothing taken, though more is queued', () => {
    expect([look(1), look(1), look(1, 2), look(1, 2)]).toEqual([false, false, false, true]);
  });

  it('goes on as long as only it takes commands, and stands back when another does', () => {
    for (let looks = 0; looks < 4; looks += 1) look(1, 2, 3);
    ours.add(1);
    expect(look(2, 3)).toBe(true);
    expect(look(3)).toBe(false);
  });

  it('begins anew when the broker has been back', () => {
    for (let looks = 0; looks < 4; looks += 1) look(1);
    standIn.reset();
    expect(look(1)).toBe(false);
  });
});
