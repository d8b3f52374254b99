import { describe, expect, it } from '@jest/globals';
import { checksOf } from '../../../src/demo/checks.ts';
import { boardCommand } from '../../helpers/board-command.ts';

const stuck = boardCommand(2, 'c2', [0, 5, 300], { action: 'off', status: 'Failed', message: 'stuck' });

describe('checksOf', () => {
  it('is content when the stuck outlet failed, and everything else succeeded', () => {
    const checks = checksOf([boardCommand(1, 'a1', [0, 5, 300]), stuck], [0, 0]);
    expect(checks.map(({ isMet }) => isMet)).toEqual([true, true, true]);
    expect(checks[0]?.text).toBe('2 commands: 1 completed, 1 failed as it had to');
  });

  it.each([
    [
      'failed',
      boardCommand(1, 'a1', [0, 5, 300], { status: 'Failed', message: 'no answer' }),
      'a1.demo on Failed: no answer',
    ],
    ['never ended', boardCommand(1, 'a1', [0, 5]), 'a1.demo on Running'],
    [
      'succeeded against expectation',
      boardCommand(1, 'c2', [0, 5, 9], { action: 'off' }),
      'c2.demo off Completed',
    ],
  ])('names a command that %s', (_what, command, text) => {
    const [outcomes] = checksOf([command], [0, 0]);
    expect(outcomes).toEqual({ isMet: false, text: `not as expected: #1 ${text}` });
  });

  it('is not content with a broken order', () => {
    const overlapping = [boardCommand(1, 'a1', [0, 5, 300]), boardCommand(2, 'a2', [0, 6, 300])];
    expect(checksOf(overlapping, [0, 0])[1]).toMatchObject({ isMet: false });
  });

  it('is not content with a worker that was killed', () => {
    const [, , end] = checksOf([stuck], ['SIGKILL', 0]);
    expect(end).toEqual({
      isMet: false,
      text: 'worker and server: expected exit codes 0, found SIGKILL and 0',
    });
  });
});
