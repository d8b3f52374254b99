import { describe, it } from '@jest/globals';
import { PATIENCE_MS, withstand } from './withstand.ts';

// Beside `new-seed.test.ts`, so that Jest runs both at a time.
describe('a lab of three workers and two relays, under faults that are always the same', () => {
  it(
    'keeps order, runs once what must not be repeated, and ends everything as it was (seed 1)',
    () => withstand(1),
    PATIENCE_MS,
  );
});
