import { describe, expect, it } from '@jest/globals';
import { checkLaneOrder } from '../../../src/demo/lane-order.ts';
import { boardCommand } from '../../helpers/board-command.ts';

describe('checkLaneOrder', () => {
  it('finds nothing wrong with commands that follow each other, or that share no lane', () => {
    const commands = [
      boardCommand(1, 'a1', [0, 5, 300]),
      boardCommand(2, 'a2', [0, 300, 600]),
      boardCommand(3, 'b1', [0, 4, 500]),
    ];
    expect(checkLaneOrder(commands)).toEqual({ laneCount: 5, breaches: [] });
  });

  it('names two commands that overlapped on a power address', () => {
    const commands = [boardCommand(1, 'a1', [0, 5, 300]), boardCommand(2, 'a2', [0, 299, 600])];
    expect(checkLaneOrder(commands).breaches).toEqual(['pdu-a: command 2 began before command 1 had ended']);
  });

  it('names a command that overtook an earlier one of its system', () => {
    const commands = [boardCommand(1, 'd1', [0, 300, 600]), boardCommand(2, 'd1', [0, 5, 200])];
    expect(checkLaneOrder(commands).breaches).toContain(
      'd1.demo: command 2 began before command 1 had ended',
    );
  });

  it('does not hold a command against the others that never ran', () => {
    const commands = [boardCommand(1, 'd1', [0]), boardCommand(2, 'd1', [0, 5, 200])];
    expect(checkLaneOrder(commands).breaches).toEqual([]);
  });
});
