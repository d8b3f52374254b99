import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { percentile, pickUpOf } from '../../../src/demo/pick-up.ts';
import { boardCommand } from '../../helpers/board-command.ts';

describe('pickUpOf', () => {
  it('measures from queued to running', () => {
    const commands = [boardCommand(1, 'a1', [0, 5, 300]), boardCommand(2, 'b1', [0, 9, 500])];
    expect(pickUpOf(commands)).toEqual({ count: 2, medianMs: 5, p95Ms: 9, maxMs: 9 });
  });

  it('leaves out a command whose power address was taken when it was queued', () => {
    const commands = [boardCommand(1, 'a1', [0, 5, 300]), boardCommand(2, 'a2', [0, 310, 600])];
    expect(pickUpOf(commands)).toMatchObject({ count: 1, maxMs: 5 });
  });

  it('counts a command that found its power address free again', () => {
    const commands = [boardCommand(1, 'a1', [0, 5, 300]), boardCommand(2, 'a2', [301, 312, 600])];
    expect(pickUpOf(commands)).toMatchObject({ count: 2, maxMs: 11 });
  });

  it('leaves out what has a delay, or a machine that rests', () => {
    const commands = [
      boardCommand(1, 'd2', [0, 3000, 4500], { delayS: 3 }),
      boardCommand(2, 'd3', [0, 2000, 2300]),
    ];
    expect(pickUpOf(commands)).toMatchObject({ count: 0 });
  });

  it('tells pushed from polled', () => {
    const commands = [
      boardCommand(1, 'a1', [0, 5, 9]),
      boardCommand(2, 'b1', [0, 700, 900], { mode: 'polling' }),
    ];
    expect(pickUpOf(commands, 'push')).toMatchObject({ count: 1, maxMs: 5 });
    expect(pickUpOf(commands, 'polling')).toMatchObject({ count: 1, maxMs: 700 });
  });
});

describe('percentile', () => {
  it('is 0 of nothing', () => {
    expect(percentile([], 50)).toBe(0);
  });

  it('is a value that enough others do not exceed, and the smallest such', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(), { minLength: 1 }),
        fc.integer({ min: 1, max: 100 }),
        (values, percent) => {
          const ascending = values.sort((one, other) => one - other);
          const found = percentile(ascending, percent);
          const share = (limit: (value: number) => boolean): number =>
            (ascending.filter(limit).length / ascending.length) * 100;
          expect(ascending).toContain(found);
          expect(share((value) => value <= found)).toBeGreaterThanOrEqual(percent - 1e-9);
          expect(share((value) => value < found)).toBeLessThan(percent);
        },
      ),
    );
  });
});
