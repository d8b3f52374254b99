import { describe, expect, it } from '@jest/globals';
import { planChaos } from './plan.ts';
import { runChaos } from './run-chaos.ts';

const DURATION_MS = 45_000;
const PATIENCE_MS = 300_000;

// One seed that is always the same, and one that nobody has tried: it is in the title, and in what a failure prints.
describe('a lab of three workers and two relays, under faults', () => {
  it.each([1, Date.now() % 1_000_000])(
    'keeps order, runs once what must not be repeated, and ends everything as it was (seed %i)',
    async (seed) => {
      const { violations, report } = await runChaos({ plan: planChaos(seed, { durationMs: DURATION_MS }) });
      if (violations.length > 0) throw new Error(report);
      expect(violations).toEqual([]);
    },
    PATIENCE_MS,
  );
});
