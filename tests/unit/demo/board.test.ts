import { describe, expect, it } from '@jest/globals';
import { Board } from '../../../src/demo/board.ts';
import type { QueuedCommand } from '../../../src/queue-client/server-client.ts';

const REQUESTS = [
  { fqdn: 'a1.demo', action: 'off' },
  { fqdn: 'a1.demo', action: 'on', delay: 2 },
];

function change(id: number, seq: number, more: Partial<QueuedCommand> = {}): QueuedCommand {
  return {
    ...{ id, seq, fqdn: 'a1.demo', action: 'off', status: 'Queued', message: null },
    ...{ queued_at: '2026-01-01T00:00:00.000Z', started_at: null, finished_at: null },
    ...more,
  };
}

describe('Board', () => {
  it('knows what was queued before the server is asked again', () => {
    const board = new Board();
    board.queued([7, 8], REQUESTS, 'push');
    expect(board.ids).toEqual([7, 8]);
    expect(board.commands).toMatchObject([
      { id: 7, action: 'off', delayS: 0, mode: 'push', status: 'Queued' },
      { id: 8, action: 'on', delayS: 2, mode: 'push', status: 'Queued' },
    ]);
    expect(board.isQuiet).toBe(false);
  });

  it('takes in changes, and gives the commands that have ended with them', () => {
    const board = new Board();
    board.queued([7, 8], REQUESTS, 'push');
    const times = { started_at: '2026-01-01T00:00:00.005Z', finished_at: '2026-01-01T00:00:00.300Z' };
    const ended = board.changed([
      change(8, 11, { status: 'Running', started_at: '2026-01-01T00:00:00.400Z' }),
      change(7, 10, { status: 'Failed', message: 'stuck', ...times }),
    ]);
    expect(ended).toMatchObject([{ id: 7, status: 'Failed', message: 'stuck' }]);
    expect(board.seq).toBe(11);
    const [first] = board.commands;
    expect(first?.startedAtMs).toBe(Date.parse('2026-01-01T00:00:00.005Z'));
  });

  it('is quiet once everything has ended', () => {
    const board = new Board();
    board.queued([7], REQUESTS.slice(0, 1), 'polling');
    board.changed([change(7, 1, { status: 'Completed', finished_at: '2026-01-01T00:00:01.000Z' })]);
    expect(board.isQuiet).toBe(true);
  });

  it('refuses fewer ids than commands were asked for', () => {
    expect(() => new Board().queued([7], REQUESTS, 'push')).toThrow(
      'expected 2 ids from the server, found 1',
    );
  });
});
