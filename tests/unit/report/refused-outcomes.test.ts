import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RefusedOutcomes } from '../../../src/report/refused-outcomes.ts';
import { Troubles } from '../../../src/troubles.ts';

describe('outcomes that the hub refuses', () => {
  let troubles: Troubles;
  let outcomes: RefusedOutcomes;
  beforeEach(() => {
    jest.useFakeTimers();
    troubles = new Troubles();
    outcomes = new RefusedOutcomes(troubles);
  });
  afterEach(() => void jest.useRealTimers());

  it('are shown until the hub has them', () => {
    for (const id of [1, 2]) outcomes.refused(id, 'too long');
    outcomes.accepted(1);
    expect(troubles.list()).toEqual([expect.stringMatching(/command 2,.*too long/)]);
    outcomes.accepted(2);
    expect(troubles.list()).toEqual([]);
  });

  it('are shown as forgotten, in place of refused, for ten minutes', () => {
    outcomes.refused(1, 'in wrong lab');
    outcomes.forgotten(1, 'in wrong lab');
    expect(troubles.list()).toEqual([expect.stringMatching(/command 1 is forgotten.*in wrong lab/)]);
    jest.advanceTimersByTime(599_999);
    expect(troubles.list()).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(troubles.list()).toEqual([]);
  });
});
