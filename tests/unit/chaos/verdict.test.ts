import { describe, expect, it } from '@jest/globals';
import type { HubStatus, ScriptLine } from '../../helpers/history-checker.ts';
import type { Plan, PlannedFault } from '../../chaos/plan.ts';
import { judge, type Run } from '../../chaos/verdict.ts';

const plan: Plan = {
  seed: 1,
  durationMs: 60_000,
  commands: [
    { id: 1, atMs: 0, fqdn: 'sys1', address: '', action: 'on', type: 'quick' },
    { id: 2, atMs: 0, fqdn: 'sys1', address: '', action: 'off', type: 'quick', quiescentPeriod: 2 },
    { id: 3, atMs: 0, fqdn: 'sys2', address: '', action: 'interrupt', type: 'quick' },
  ],
  faults: [],
};

const line = (event: ScriptLine['event'], id: number, mode: string, atMs: number): ScriptLine => {
  const fqdn = id === 3 ? 'sys2' : 'sys1';
  return { event, id, fqdn, address: '', mode, pid: 1, atMs };
};

const event = (id: number, status: HubStatus | 'Refused', atMs: number, message?: string) => ({
  id,
  status,
  message,
  atMs,
});

const begun = [
  event(1, 'Queued', 0),
  event(1, 'Running', 100),
  event(1, 'Completed', 300),
  event(2, 'Queued', 0),
  event(2, 'Running', 2_400),
  event(2, 'Completed', 2_600),
  event(3, 'Queued', 0),
  event(3, 'Running', 100),
];
const lines = [
  line('start', 1, 'on', 150),
  line('end', 1, 'on', 200),
  line('start', 3, 'interrupt', 200),
  line('end', 3, 'interrupt', 220),
  line('start', 2, 'off', 2_450),
  line('end', 2, 'off', 2_500),
];
const whole: Run = {
  plan,
  events: [...begun, event(3, 'Completed', 300)],
  lines,
  beganAt: 0,
  graceMs: 10_000,
  errors: new Set(),
};

const ended = (status: HubStatus, atMs: number, message: string): Partial<Run> => ({
  events: [...begun, event(3, status, atMs, message)],
});
const withFault = (fault: PlannedFault['fault'], atMs: number): Partial<Run> => ({
  plan: { ...plan, faults: [{ atMs, fault, forMs: 1_000 }] },
});
const killed = withFault({ kind: 'kill', who: 'w2', clockOffS: 0 }, 200);
const refused = Array.from({ length: 8 }, (_, nth) => event(3, 'Refused', 300 + nth));
const moved = [...begun, event(3, 'Gone', 300)];
const lost = withFault({ kind: 'lose-state', who: 'w2' }, 200);

const textsOf = (more: Partial<Run>): readonly string[] =>
  judge({ ...whole, ...more }).map(({ text }) => text);

describe('the verdict on a run', () => {
  it.each<[string, Partial<Run>]>([
    ['where all went well', {}],
    [
      'where an interrupt was aborted since its worker was killed',
      { ...killed, ...ended('Aborted', 9_000, 'The worker died') },
    ],
    [
      'where a lost command was called orphaned after the grace',
      { ...lost, ...ended('Aborted', 12_000, 'Command orphaned, aborting') },
    ],
    [
      'where an outcome was refused until it was reported as aborted',
      { events: [...begun, ...refused, event(3, 'Aborted', 9_000, 'the hub refused it')] },
    ],
    ['where a command moved away, and an error said so', { events: moved, errors: new Set([3]) }],
    [
      'where a command moved away, and the error may be lost',
      { events: moved, ...withFault({ kind: 'log-reader', who: 'w1', how: 'dies' }, 5_000) },
    ],
  ])('is nothing, %s', (_what, run) => {
    expect(textsOf(run)).toEqual([]);
  });

  it.each<[string, Partial<Run>, RegExp]>([
    ['a failure that its script did not cause', ended('Failed', 300, 'boom'), /command 3: failed, though/],
    [
      'an orphan that nobody lost',
      { ...killed, ...ended('Aborted', 12_000, 'Command orphaned, aborting') },
      /nobody lost it/,
    ],
    [
      'an orphan called so within the grace',
      { ...lost, ...ended('Aborted', 5_000, 'Command orphaned, aborting') },
      /within the grace/,
    ],
    ['an abort without a kill', ended('Aborted', 300, 'The worker died'), /though nobody was killed/],
    [
      'a system that did not rest',
      { lines: lines.map((one) => (one.id === 2 ? { ...one, atMs: one.atMs - 500 } : one)) },
      /command 2: began 1750 ms after 1 ended/,
    ],
    [
      'an abort before the hub has refused the outcome often enough',
      { events: [...begun, ...refused.slice(1), event(3, 'Aborted', 9_000, 'the hub refused it')] },
      /command 3: aborted, though nobody was killed/,
    ],
    ['a command that moved away without a word', { events: moved }, /command 3: moved away, and no error/],
    [
      'a delay that was cut short',
      {
        plan: {
          ...plan,
          commands: plan.commands.map((one) => (one.id === 2 ? { ...one, delay: 3 } : one)),
        },
      },
      /command 2: began after 2450 ms, its delay is 3000 ms/,
    ],
    ['what never ended', { events: begun }, /command 3: expected Queued, Running and one end/],
  ])('names %s', (_what, run, expected) => {
    expect(textsOf(run).join('\n')).toMatch(expected);
  });

  it('names the commands that are meant', () => {
    expect(judge({ ...whole, ...ended('Failed', 300, 'boom') })).toMatchObject([{ ids: [3] }]);
  });
});
