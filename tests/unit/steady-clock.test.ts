import { describe, expect, it } from '@jest/globals';
import { bootId, steadyNow, wallTimeOf } from '../../src/steady-clock.ts';

describe('the steady clock', () => {
  it('counts milliseconds', () => {
    const before = performance.now();
    const from = steadyNow();
    const begun = performance.now();
    while (performance.now() - begun < 20);
    const over = performance.now();
    const tookMs = steadyNow() - from;
    expect(tookMs).toBeGreaterThan(over - begun - 1);
    expect(tookMs).toBeLessThan(performance.now() - before + 1);
  });

  it.each([0, -60_000, 60_000])('has its moments on the wall clock too: %i ms from now', (ms) => {
    const before = Date.now();
    const wall = wallTimeOf(steadyNow() + ms);
    expect(wall).toBeGreaterThanOrEqual(before + ms - 1);
    expect(wall).toBeLessThanOrEqual(Date.now() + ms + 1);
  });
});

describe('the id of the boot', () => {
  it('is the one of the kernel', () => {
    expect(bootId()).toMatch(/^[0-9a-f-]{36}$/);
    expect(bootId()).toBe(bootId());
  });

  it('is one of this process where that of the kernel cannot be read', () => {
    const id = bootId('/nowhere/boot_id');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(id).not.toBe(bootId());
    expect(bootId('/nowhere/boot_id')).toBe(id);
  });
});
