import { describe, expect, it } from '@jest/globals';
import { RetryDelays, type RetryOptions } from '../../../src/broker/retry-delays.ts';

const failed = { isRefused: false, livedMs: 0 };
const refused = { isRefused: true, livedMs: 0 };

function delays(overrides: Partial<RetryOptions> = {}): RetryDelays {
  const backoff = { firstMs: 100, maxMs: 1_000 };
  return new RetryDelays({ urlCount: 1, backoff, refusedMs: 60_000, goodAfterMs: 5_000, ...overrides });
}

function largestFirstDelay(end: typeof failed, before: readonly (typeof failed)[] = []): number {
  const seen = Array.from({ length: 300 }, () => {
    const fresh = delays();
    for (const earlier of before) fresh.after(earlier);
    return fresh.after(end);
  });
  return Math.max(...seen);
}

describe('delays between broker sessions', () => {
  it('stay under a ceiling that doubles with each failure in a row', () => {
    expect(largestFirstDelay(failed)).toBeLessThanOrEqual(100);
    const third = largestFirstDelay(failed, [failed, failed]);
    expect(third).toBeGreaterThan(200);
    expect(third).toBeLessThanOrEqual(400);
  });

  it('never exceed the largest backoff', () => {
    expect(
      largestFirstDelay(
        failed,
        Array.from({ length: 50 }, () => failed),
      ),
    ).toBeLessThanOrEqual(1_000);
  });

  it('start over after a session that lived for a while, and not after one that did not', () => {
    const many = Array.from({ length: 10 }, () => failed);
    expect(largestFirstDelay({ isRefused: false, livedMs: 5_000 }, many)).toBeLessThanOrEqual(100);
    expect(largestFirstDelay({ isRefused: false, livedMs: 4_999 }, many)).toBeGreaterThan(100);
  });

  it('are about a minute when the broker refuses us', () => {
    for (let i = 0; i < 100; i += 1) {
      const delay = delays().after(refused);
      expect(delay).toBeGreaterThanOrEqual(45_000);
      expect(delay).toBeLessThanOrEqual(75_000);
    }
  });

  it('are short while a broker is left that has not refused us', () => {
    const two = delays({ urlCount: 2 });
    expect(two.after(refused)).toBeLessThanOrEqual(100);
    expect(two.after(failed)).toBeLessThanOrEqual(100);
    expect(two.after(refused)).toBeLessThanOrEqual(200);
    expect(two.after(refused)).toBeGreaterThanOrEqual(45_000);
  });
});
