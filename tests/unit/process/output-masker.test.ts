import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OutputMasker } from '../../../src/process/output-masker.ts';
import { Secret } from '../../../src/secret.ts';

function maskPieces(pieces: readonly string[], secret: string, cutShort = false): string {
  const masker = new OutputMasker(new Secret(secret));
  return pieces.map((piece) => masker.push(piece)).join('') + masker.end({ cutShort });
}

/** Few letters, so that the secret, its beginnings and its overlaps with itself turn up often. */
const letters = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength });

describe('OutputMasker', () => {
  it('masks a secret that is torn apart', () => {
    expect(maskPieces(['password hun', 'ter', '2 refused'], 'hunter2')).toBe('password ******** refused');
  });

  it('lets through at once what cannot be the beginning of the secret', () => {
    expect(new OutputMasker(new Secret('hunter2')).push('no route to host\n')).toBe('no route to host\n');
  });

  it('gives back what only looked like the secret', () => {
    expect(maskPieces(['a hun'], 'hunter2')).toBe('a hun');
  });

  it('masks the beginning of the secret at the end of a text that was cut short', () => {
    expect(maskPieces(['password hunt'], 'hunter2', true)).toBe('password ********');
  });

  it('masks nothing when there is no secret', () => {
    expect(maskPieces(['ab', 'c'], '')).toBe('abc');
  });

  it('gives the same for any division into pieces as for the whole text', () => {
    fc.assert(
      fc.property(fc.array(letters(8)), letters(4), (pieces, secret) => {
        expect(maskPieces(pieces, secret)).toBe(new Secret(secret).mask(pieces.join('')));
      }),
      { numRuns: 2000 },
    );
  });
});
