import { describe, it } from '@jest/globals';
import { PATIENCE_MS, withstand } from './withstand.ts';

describe('a lab of three workers and two relays, under faults that nobody has tried', () => {
  // It is in the title, and in what a failure prints.
  it.each([Date.now() % 1_000_000])(
    'keeps order, runs once what must not be repeated, and ends everything as it was (seed %i)',
    withstand,
    PATIENCE_MS,
  );
});
