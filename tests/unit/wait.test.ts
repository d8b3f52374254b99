import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs, wait, withDeadline } from '../../src/wait.ts';

describe('waiting', () => {
  it('takes the time that it was given', async () => {
    const start = performance.now();
    await expect(wait(30)).resolves.toBe(true);
    expect(performance.now() - start).toBeGreaterThanOrEqual(29);
  });

  it('ends at once, and without an error, when it is aborted', async () => {
    const abort = new AbortController();
    const waiting = wait(60_000, abort.signal);
    abort.abort(new Error('some reason'));
    await expect(waiting).resolves.toBe(false);
  });

  it('does not begin when it was aborted before', async () => {
    await expect(wait(60_000, AbortSignal.abort())).resolves.toBe(false);
  });

  it('takes a time in the past for no time at all', async () => {
    await expect(wait(-1000, new AbortController().signal)).resolves.toBe(true);
  });
});

describe('backoff', () => {
  it('stays under a ceiling that doubles with every attempt, up to the maximum', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5000 }),
        fc.integer({ min: 1, max: 1000 }),
        fc.nat(60_000),
        (attempt, firstMs, maxMs) => {
          const ms = backoffMs(attempt, { firstMs, maxMs });
          expect(ms).toBeGreaterThanOrEqual(0);
          expect(ms).toBeLessThanOrEqual(Math.min(maxMs, firstMs * 2 ** (attempt - 1)));
        },
      ),
    );
  });

  it('spreads over the whole range, so that many clients do not come back together', () => {
    const times = Array.from({ length: 1000 }, () => backoffMs(4, { firstMs: 100, maxMs: 60_000 }));
    expect(Math.min(...times)).toBeLessThan(100);
    expect(Math.max(...times)).toBeGreaterThan(700);
  });
});

describe('a deadline', () => {
  const late = (): Error => new Error('too late');

  it('lets through what comes in time, a failure as well', async () => {
    await expect(withDeadline(Promise.resolve('done'), 60_000, late)).resolves.toBe('done');
    await expect(withDeadline(Promise.reject(new Error('own')), 60_000, late)).rejects.toThrow('own');
  });

  it('rejects with the error that it was given when time is up', async () => {
    await expect(withDeadline(new Promise(() => {}), 10, late)).rejects.toThrow('too late');
  });

  it('keeps no timer once it is over', async () => {
    const before = timers();
    await withDeadline(Promise.resolve(), 60_000, late);
    expect(timers()).toBe(before);
  });
});

function timers(): number {
  return process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
}
