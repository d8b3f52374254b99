import { describe, expect, it } from '@jest/globals';
import {
  violations,
  type CheckedCommand,
  type History,
  type HubStatus,
  type ScriptLine,
} from '../../helpers/history-checker.ts';

const command = (id: number, action = 'on'): CheckedCommand => ({
  id,
  action,
  fqdn: `sys${id}`,
  address: 'pdu1',
});

const line = (event: ScriptLine['event'], id: number, mode = 'on'): ScriptLine => ({
  event,
  id,
  fqdn: `sys${id}`,
  address: 'pdu1',
  mode,
  pid: id,
  atMs: 0,
});

const events = (...changes: readonly [number, HubStatus][]): History['events'] =>
  changes.map(([id, status]) => ({ id, status, atMs: 0 }));

const whole: History = {
  commands: [command(1), command(2)],
  events: events(
    [1, 'Queued'],
    [2, 'Queued'],
    [1, 'Running'],
    [1, 'Completed'],
    [2, 'Running'],
    [2, 'Completed'],
  ),
  lines: [line('start', 1), line('end', 1), line('start', 2), line('end', 2)],
};

describe('the checker of histories', () => {
  it('finds nothing wrong with commands that ran one after the other', () => {
    expect(violations(whole)).toEqual([]);
  });

  it.each<[string, Partial<History>, RegExp]>([
    [
      'a command that never ended',
      { events: whole.events.slice(0, -1) },
      /^command 2: .* found Queued, Running$/m,
    ],
    [
      'a command that ended twice',
      { events: [...whole.events, ...events([2, 'Failed'])] },
      /found Queued, Running, Completed, Failed$/m,
    ],
    [
      'a command that completed and never ran',
      { lines: whole.lines.slice(0, 2) },
      /command 2: on completed, but/,
    ],
    [
      'a script that met another',
      { lines: [...whole.lines.slice(0, 2), line('overlap', 2), ...whole.lines.slice(2)] },
      /power pdu1: script of 2 met another/,
    ],
    [
      'two commands of a lane that the hub has running together',
      {
        events: events(
          [1, 'Queued'],
          [2, 'Queued'],
          [1, 'Running'],
          [2, 'Running'],
          [1, 'Completed'],
          [2, 'Completed'],
        ),
      },
      /^power pdu1: running at the hub together: 1, 2$/m,
    ],
    [
      'commands out of their order',
      { lines: [...whole.lines.slice(2), ...whole.lines.slice(0, 2)] },
      /^power pdu1: ran in the order 2, 1$/m,
    ],
    [
      'an interrupt that was repeated',
      {
        commands: [command(1), command(2, 'interrupt')],
        lines: [
          ...whole.lines.slice(0, 2),
          line('start', 2, 'interrupt'),
          line('start', 2, 'interrupt'),
          line('end', 2, 'interrupt'),
        ],
      },
      /command 2: interrupt was repeated/,
    ],
    [
      'half a reboot',
      {
        commands: [command(1), command(2, 'reboot')],
        lines: [...whole.lines.slice(0, 2), line('start', 2, 'off'), line('end', 2, 'off')],
      },
      /command 2: reboot completed, but only this ran to its end: off/,
    ],
  ])('finds %s', (_what, wrong, expected) => {
    const found = violations({ ...whole, ...wrong });
    expect(found.join('\n')).toMatch(expected);
  });
});
