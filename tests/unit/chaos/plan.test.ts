import { describe, expect, it } from '@jest/globals';
import { LONGEST_FAULT_MS, planChaos, type PlannedFault } from '../../chaos/plan.ts';

const size = { durationMs: 300_000 };
const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

const targetOf = ({ fault }: PlannedFault): string => ('who' in fault ? fault.who : fault.kind);

describe('a plan of chaos', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planChaos(7, size)).toEqual(planChaos(7, size));
    expect(planChaos(7, size)).not.toEqual({ ...planChaos(8, size), seed: 7 });
  });

  it.each(seeds)('numbers its commands as they come (seed %i)', (seed) => {
    const { commands } = planChaos(seed, size);
    expect(commands.map(({ id }) => id)).toEqual(commands.map((_, index) => index + 1));
    expect(commands.map(({ atMs }) => atMs)).toEqual(commands.map(({ atMs }) => atMs).sort((a, b) => a - b));
  });

  it.each(seeds)(
    'lets each target recover before it is hit again, and nothing last too long (seed %i)',
    (seed) => {
      const { faults } = planChaos(seed, size);
      for (const [at, fault] of faults.entries()) {
        expect(fault.forMs).toBeLessThanOrEqual(LONGEST_FAULT_MS);
        const next = faults.slice(at + 1).find((later) => targetOf(later) === targetOf(fault));
        expect(next?.atMs ?? Infinity).toBeGreaterThan(fault.atMs + fault.forMs);
      }
    },
  );

  it('has every kind of fault, in time', () => {
    const kinds = seeds.flatMap((seed) => planChaos(seed, size).faults.map(({ fault }) => fault.kind));
    expect([...new Set(kinds)].sort()).toEqual([
      'clock-step',
      'copies',
      'cut-answers',
      'expire-sessions',
      'freeze',
      'full-disk',
      'hub-away',
      'hub-closes',
      'hub-refuses',
      'kill',
      'kill-broker',
      'log-reader',
      'lose-answers',
      'lose-state',
      'restart',
      'way',
    ]);
  });

  it.each(seeds)('has nearly every kind of fault in a run of a minute already (seed %i)', (seed) => {
    const kinds = new Set(planChaos(seed, { durationMs: 45_000 }).faults.map(({ fault }) => fault.kind));
    expect(kinds.size).toBeGreaterThanOrEqual(13);
  });

  it('has commands whose outcome the hub refuses for good', () => {
    const outcomes = seeds.flatMap((seed) => planChaos(seed, size).commands.map(({ outcome }) => outcome));
    expect(new Set(outcomes)).toEqual(new Set([undefined, 'refused', 'moved']));
  });
});
