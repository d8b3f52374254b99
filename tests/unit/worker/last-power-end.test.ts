import { describe, expect, it } from '@jest/globals';
import { lastPowerEnd } from '../../../src/worker/last-power-end.ts';

const ended = (known: number | undefined, roster: { hearingSince: number | undefined; isAlone: boolean }) =>
  lastPowerEnd('sys1.lab.test', { journal: { lastPowerEnd: () => known }, roster });

describe('the last time that a system was switched', () => {
  it.each<
    [string, number | undefined, { hearingSince: number | undefined; isAlone: boolean }, number | undefined]
  >([
    [
      'is what the journal says when there is no other worker',
      50,
      { hearingSince: undefined, isAlone: true },
      50,
    ],
    ['is unknown when there was none', undefined, { hearingSince: 70, isAlone: true }, undefined],
    [
      'is unknown while other workers are not heard',
      50,
      { hearingSince: undefined, isAlone: false },
      undefined,
    ],
    ['may be just before the others were heard', 50, { hearingSince: 70, isAlone: false }, 70],
    ['is what was heard since', 90, { hearingSince: 70, isAlone: false }, 90],
    [
      'is not after the others were heard, when nothing was',
      undefined,
      { hearingSince: 70, isAlone: false },
      70,
    ],
  ])('%s', (_what, known, roster, expected) => {
    expect(ended(known, roster)).toBe(expected);
  });
});
