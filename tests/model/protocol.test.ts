import { describe, expect, it } from '@jest/globals';
import { labModel, type LabModelOptions } from './lab-model.ts';
import type { Rules } from './rules.ts';
import { explore } from './search.ts';

const reboot = { lane: 'pdu1', isOnce: true, owesOn: true };
const interrupt = { lane: 'pdu1', isOnce: true, owesOn: false };
const on = { lane: 'pdu1', isOnce: false, owesOn: false };

const search = (options: LabModelOptions): string => {
  const { states, transitions, violation } = explore(labModel(options));
  if (violation === undefined) {
    console.log(`${states} states, ${transitions} steps`);
    return 'holds';
  }
  return [violation.text, ...violation.trace].join('\n');
};

describe('the protocol of several workers, in every order of steps', () => {
  it.each<[string, LabModelOptions]>([
    [
      'a worker that dies, and an answer of the hub that is lost',
      { by: 'relay', commands: [reboot, on], faults: { crash: 1, loseAnswer: 1 } },
    ],
    [
      'two answers that are lost, and a worker that dies',
      { by: 'relay', commands: [reboot], faults: { crash: 1, loseAnswer: 2 } },
    ],
    [
      'messages that are copied and lost, and a relay that starts anew',
      { by: 'relay', commands: [reboot, on], faults: { copy: 1, loseMessage: 1, restartRelay: 1 } },
    ],
    [
      'a worker that dies, and a relay that starts anew',
      { by: 'relay', commands: [reboot, on], faults: { crash: 1, restartRelay: 1 } },
    ],
    [
      'a machine that is lost, and an answer',
      { by: 'relay', commands: [reboot], faults: { crash: 1, loseState: 1, loseAnswer: 1 } },
    ],
    [
      'a machine that is lost, with a command after',
      { by: 'relay', commands: [reboot, on], faults: { crash: 1, loseState: 1 } },
    ],
    [
      'a worker that is away for longer than the grace',
      { by: 'relay', commands: [reboot, on], faults: { crash: 1, outliveGrace: 1 } },
    ],
    [
      'a worker that dies at what must not be repeated at all',
      { by: 'relay', commands: [interrupt, on], faults: { crash: 1 } },
    ],
    ['a worker that dies twice in one reboot', { by: 'polling', commands: [reboot], faults: { crash: 2 } }],
    ['polling, and a worker that dies', { by: 'polling', commands: [reboot, on], faults: { crash: 1 } }],
    [
      'polling, a worker that dies, and an answer that is lost',
      { by: 'polling', commands: [reboot], faults: { crash: 1, loseAnswer: 1 } },
    ],
  ])(
    'holds with %s',
    (_what, options) => {
      expect(search(options)).toBe('holds');
    },
    120_000,
  );
});

describe('the search', () => {
  it.each<[keyof Rules, LabModelOptions, RegExp]>([
    ['queuedThenRunning', { by: 'relay', commands: [reboot, on], faults: {} }, /run at the hub together/],
    ['queuedThenRunning', { by: 'polling', commands: [reboot, on], faults: {} }, /run at the hub together/],
    ['oneAtATime', { by: 'relay', commands: [reboot, on], faults: {} }, /is started before 0 has ended/],
    [
      'waitsForUnnamed',
      { by: 'relay', commands: [reboot, on], faults: { crash: 1, restartRelay: 1 } },
      /run at the hub together/,
    ],
    [
      'journalsQuestions',
      { by: 'relay', commands: [reboot], faults: { crash: 1 } },
      /called orphaned, though nobody lost it/,
    ],
    ['asksInDoubt', { by: 'relay', commands: [reboot], faults: { copy: 1, loseAnswer: 1 } }, /meets that of/],
    [
      'oneOfTwoDoubters',
      { by: 'relay', commands: [reboot], faults: { copy: 1, loseAnswer: 2 } },
      /meets that of/,
    ],
    [
      'onlyAnswersCount',
      { by: 'relay', commands: [reboot], faults: { copy: 1, loseAnswer: 1 } },
      /meets that of/,
    ],
    [
      'asksOnReturn',
      { by: 'relay', commands: [reboot, on], faults: { crash: 1, outliveGrace: 1 } },
      /meets that of/,
    ],
    [
      'takesUpTheOn',
      { by: 'relay', commands: [reboot], faults: { crash: 1 } },
      /the system of 0 is left off/,
    ],
    ['onlyTheOn', { by: 'relay', commands: [reboot], faults: { crash: 1 } }, /0 is started twice/],
    ['endsOldScripts', { by: 'relay', commands: [on, on], faults: { crash: 1 } }, /meets that of/],
  ])('finds what goes wrong without the rule "%s"', (rule, options, expected) => {
    expect(search({ ...options, rules: { [rule]: false } })).toMatch(expected);
  });

  it('finds what can never end', () => {
    const steps = (state: number) =>
      state === 0 ? [1, 2].map((to) => ({ name: `to ${to}`, to, isFault: false, violation: undefined })) : [];
    const { violation } = explore({ initial: 0, steps, keyOf: String, isDone: (state) => state === 2 });
    expect(violation).toEqual({ text: 'not everything can end any more', trace: ['to 1'] });
  });
});
