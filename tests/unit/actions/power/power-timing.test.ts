import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { POWER_TIMING } from '../../../../src/actions/power/power-timing.ts';

describe('the wait before an attempt', () => {
  it('is at random between n and 2^n seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 8 }), (attempt) => {
        const delayMs = POWER_TIMING.retryDelayMs(attempt);
        expect(delayMs).toBeGreaterThanOrEqual(1000 * attempt);
        expect(delayMs).toBeLessThanOrEqual(1000 * 2 ** attempt);
      }),
    );
    expect(new Set(Array.from({ length: 20 }, () => POWER_TIMING.retryDelayMs(5))).size).toBeGreaterThan(10);
  });

  it('stays within minutes however many attempts the settings allow', () => {
    expect(POWER_TIMING.retryDelayMs(40)).toBeLessThanOrEqual(300_000);
  });
});
