import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutText } from '../../../src/logging/cut-text.ts';
import { Secret } from '../../../src/secret.ts';

describe('a text that is cut', () => {
  it('keeps head and tail, and says how long it was', () => {
    const cut = cutText(`begin ${'x'.repeat(100_000)} end`, [], 100);
    expect(cut).toMatch(/^begin x+ \[… of 100010 characters …\] x+ end$/);
    expect(cut.length).toBeLessThan(150);
  });

  it('stays as it is when it is short', () => {
    expect(cutText('x'.repeat(100), [], 100)).toBe('x'.repeat(100));
  });

  it('is empty but for the note when there is no room', () => {
    expect(cutText('abc', [], 0)).toBe(' [… of 3 characters …] ');
  });

  it('shows no part of a secret, wherever the cuts are', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.integer({ min: 0, max: 200 }),
        fc.integer({ min: 20_000, max: 120_000 }),
        (secretLength, gap, length) => {
          const secret = new Secret('S'.repeat(secretLength));
          const unit = `${secret.reveal()}${'.'.repeat(gap + 1)}`;
          const text = unit.repeat(Math.ceil(length / unit.length));
          expect(cutText(text, [secret], 2_000)).not.toContain('S');
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is not masked in its middle, which is left out', () => {
    const masked: number[] = [];
    const mask = (text: string): string => {
      masked.push(text.length);
      return text;
    };
    cutText('hub says no '.repeat(5_000_000), [{ mask, length: 7 }], 2_000);
    expect(masked).toEqual([32_000, 32_000]);
  });
});
