import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BoundedOutput } from '../../../src/process/bounded-output.ts';

function bounded(pieces: readonly string[], limit: number): string {
  const output = new BoundedOutput(limit);
  for (const piece of pieces) output.append(piece);
  return output.toString();
}

const NOTE = /\n\[… (\d+) characters left out …\]\n/;

describe('BoundedOutput', () => {
  it('keeps a short text as it is', () => {
    expect(bounded(['no route', ' to host'], 20)).toBe('no route to host');
  });

  it('keeps head and tail of a long text and says how much is missing', () => {
    expect(bounded(['abcdefghij'], 6)).toBe('abc\n[… 4 characters left out …]\nhij');
  });

  it('leaves out a character that would be cut in two', () => {
    expect(bounded(['ab😀cdef😀gh'], 6)).toBe('ab\n[… 8 characters left out …]\ngh');
  });

  it('can be read before the end, and go on', () => {
    const output = new BoundedOutput(4);
    output.append('abcde');
    expect(output.toString()).toContain('1 characters');
    output.append('f');
    expect(output.toString()).toBe('ab\n[… 2 characters left out …]\nef');
  });

  it('keeps the text or else its ends, and accounts for the rest, for any division into pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.integer({ min: 1, max: 40 }),
        (pieces, limit) => {
          const whole = pieces.join('');
          const text = bounded(pieces, limit);
          if (whole.length <= limit) {
            expect(text).toBe(whole);
            return;
          }
          const [head = '', leftOut = '', tail = ''] = text.split(NOTE);
          expect(whole.startsWith(head) && whole.endsWith(tail)).toBe(true);
          expect(head.length + tail.length).toBeLessThanOrEqual(limit);
          expect(head.length + Number(leftOut) + tail.length).toBe(whole.length);
          expect(text).toBe(Buffer.from(text, 'utf8').toString('utf8'));
        },
      ),
      { numRuns: 2000 },
    );
  });
});
