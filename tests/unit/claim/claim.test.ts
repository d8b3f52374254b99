import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { claim } from '../../../src/claim/claim.ts';
import type { Arrival, Claim } from '../../../src/queue/handlers.ts';
import type { Whose } from '../../../src/roster/roster.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type Behaviour, type Call, FakeHub } from '../../helpers/fake-hub.ts';
import { type JournalInDir, journalInDir } from '../../helpers/journal-in-dir.ts';
import { JournalFullError } from '../../../src/report/held-writes.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';

describe('claim', () => {
  const command = powerCommand({ id: 7 });
  let hub: FakeHub;
  let state: JournalInDir;
  let faults: Map<number, number>;
  let whose: Whose;

  beforeEach(() => {
    hub = new FakeHub([command]);
    state = journalInDir();
    faults = new Map();
    whose = 'ours';
  });
  afterEach(() => state.remove());

  const ask = (arrival: Partial<Arrival> = {}, clocks: readonly (() => number)[] = []): Promise<Claim> =>
    claim(
      command,
      { receivedAt: 1000, replies: [], attempt: 1, ...arrival },
      { hub, journal: state.journal, faults, whose: () => whose, clocks, log: silentLogger },
    );
  const stage = (): string | undefined => state.journal.entry(7)?.stage;
  /** The hub behaves so, one call after the other, and then answers. */
  const behave = (...behaviours: Behaviour[]): void => {
    hub.behave = () => behaviours.shift() ?? 'answer';
  };

  it('journals the question before the hub hears it, and the claim once it is won', async () => {
    const stages: (string | undefined)[] = [];
    hub.onStep = () => stages.push(stage());
    expect(await ask({ receivedAt: 1234 })).toBe('won');
    expect(stages).toEqual(['claiming']);
    expect(state.journal.entry(7)).toMatchObject({ stage: 'claimed', receivedAt: 1234 });
    expect(hub.status(7)).toBe('Running');
  });

  it('asks for nothing that cannot be journaled, and waits where it is only for want of room', async () => {
    let error: Error = new JournalFullError('no room');
    const journal = {
      entry: () => undefined,
      claiming: (): boolean => {
        throw error;
      },
      claimed: () => {},
      forget: () => {},
      alsoReplyTo: () => {},
    };
    const options = { hub, journal, faults, whose: () => whose, log: silentLogger };
    const arrival = { receivedAt: 1000, replies: [], attempt: 1 };
    expect(await claim(command, arrival, options)).toBe('undecided');
    error = new Error('damaged');
    await expect(claim(command, arrival, options)).rejects.toThrow('damaged');
    expect(hub.calls).toEqual([]);
  });

  it('loses a command that somebody else has, and remembers nothing of it', async () => {
    hub.claimElsewhere(7);
    expect(await ask()).toBe('lost');
    expect(stage()).toBeUndefined();
    // That it runs says nothing about who runs it.
    expect(hub.calls).toEqual(['claim 7']);
  });

  describe('whose answer comes after this process was frozen', () => {
    let elapsedMs = 0;
    const clocks = [() => 0, () => elapsedMs];
    /** The hub grants the command; until the process goes on, so much time passes by one of the clocks, and this happens. */
    const frozenFor = (ms: number, meanwhile = (): void => undefined): void => {
      hub.onStep = () => {
        hub.onStep = () => undefined;
        elapsedMs += ms;
        meanwhile();
      };
    };

    it('asks whether the command runs still, and has it if so', async () => {
      frozenFor(5_000);
      expect(await ask({}, clocks)).toBe('won');
      expect(hub.calls).toEqual(['claim 7', 'running ids']);
    });

    it('gives up a command that was called orphaned meanwhile', async () => {
      frozenFor(5_000, () =>
        hub.endElsewhere(7, { status: 'aborted', message: 'Command orphaned, aborting' }),
      );
      expect(await ask({}, clocks)).toBe('lost');
      expect(stage()).toBeUndefined();
    });

    it('asks nothing after a moment that any hub may take', async () => {
      frozenFor(4_999);
      expect(await ask({}, clocks)).toBe('won');
      expect(hub.calls).toEqual(['claim 7']);
    });
  });

  it('loses a command that was cancelled', async () => {
    hub.claimElsewhere(7);
    hub.endElsewhere(7, { status: 'aborted', message: 'cancelled' });
    expect(await ask()).toBe('lost');
    expect(stage()).toBeUndefined();
  });

  it.each(['be away', 'refuse the login', 'fault'] as const)(
    'takes the question back when the hub surely did not act (%s), and may win later',
    async (behaviour) => {
      behave(behaviour);
      expect(await ask()).toBe('undecided');
      expect(stage()).toBeUndefined();
      expect(await ask({ attempt: 2 })).toBe('won');
    },
  );

  it('does not take a command for its own that another worker claimed after a question that the hub did not hear', async () => {
    behave('be away');
    await ask();
    hub.claimElsewhere(7);
    expect(await ask({ attempt: 2 })).toBe('lost');
  });

  it('knows a command as its own whose grant got lost on the way', async () => {
    behave('lose the answer');
    expect(await ask()).toBe('undecided');
    expect(stage()).toBe('claiming');
    expect(await ask({ attempt: 2 })).toBe('won');
    expect(stage()).toBe('claimed');
    expect(hub.calls).toEqual(['claim 7', 'claim 7', 'running ids', 'running ids']);
  });

  it('asks the other workers whose it is when its grant may have got lost, and goes by that', async () => {
    behave('lose the answer');
    expect(await ask()).toBe('undecided');
    whose = 'unsure';
    expect(await ask({ attempt: 2 })).toBe('undecided');
    expect(stage()).toBe('claiming');
    whose = 'theirs';
    expect(await ask({ attempt: 3 })).toBe('lost');
    expect(stage()).toBeUndefined();
  });

  it('gives a command up whose grant got lost when it is not running any more', async () => {
    behave('lose the answer');
    await ask();
    hub.endElsewhere(7, { status: 'aborted', message: 'cancelled' });
    expect(await ask({ attempt: 2 })).toBe('lost');
    expect(stage()).toBeUndefined();
  });

  it('stays undecided while the hub cannot say what runs', async () => {
    behave('lose the answer', 'answer', 'be away');
    await ask();
    expect(await ask({ attempt: 2 })).toBe('undecided');
    expect(stage()).toBe('claiming');
    expect(await ask({ attempt: 3 })).toBe('won');
  });

  it('keeps the question of a former life, whatever the hub says until it decides', async () => {
    behave('lose the answer', 'be away', 'fault', 'refuse the login');
    await ask();
    state.reopen();
    for (const attempt of [1, 2, 3]) {
      expect(await ask({ attempt })).toBe('undecided');
      expect(stage()).toBe('claiming');
    }
    expect(await ask({ attempt: 4 })).toBe('won');
  });

  it('wins a command whose question a former life did not get to send', async () => {
    state.journal.claiming(command, 1000, []);
    state.reopen();
    expect(await ask()).toBe('won');
    expect(stage()).toBe('claimed');
  });

  it('passes on what the hub has against a command once it has said it eight times', async () => {
    hub.behave = () => 'fault';
    for (let attempt = 1; attempt < 8; attempt += 1) expect(await ask({ attempt })).toBe('undecided');
    expect(await ask({ attempt: 8 })).toEqual({ refused: expect.stringContaining('value out of range') });
    expect(stage()).toBeUndefined();
    expect(hub.status(7)).toBe('Queued');
  });

  it('does not count other troubles as faults: one fault after them is not final', async () => {
    behave('be away', 'be away', 'refuse the login', 'be away', 'fault', 'be away', 'fault', 'fault');
    for (let attempt = 1; attempt <= 8; attempt += 1) expect(await ask({ attempt })).toBe('undecided');
    expect(await ask({ attempt: 9 })).toBe('won');
  });

  it('never takes silence or a refused login for a refusal of the command', async () => {
    hub.behave = () => 'be away';
    for (let attempt = 1; attempt <= 20; attempt += 1) expect(await ask({ attempt })).toBe('undecided');
    hub.behave = () => 'refuse the login';
    for (let attempt = 21; attempt <= 40; attempt += 1) expect(await ask({ attempt })).toBe('undecided');
  });

  it('does not let faults make it forget a command that it was given without hearing of it', async () => {
    behave('lose the answer');
    await ask();
    hub.behave = (call: Call) => (call === 'claim' ? 'fault' : 'answer');
    for (let attempt = 2; attempt <= 8; attempt += 1) expect(await ask({ attempt })).toBe('undecided');
    expect(await ask({ attempt: 9 })).toBe('won');
    expect(stage()).toBe('claimed');
    expect(hub.status(7)).toBe('Running');
  });

  it('leaves a command alone whose action has begun or ended: an old message, or an old list', async () => {
    const outcome = { status: 'completed' } as const;
    state.journal.claiming(command, 1000, []);
    for (const reach of [
      () => state.journal.claimed(7),
      () => state.journal.started(command, 2000),
      () => state.journal.ended(command, outcome, 3000, { beginsRest: true }),
      () => state.journal.told(7),
    ]) {
      reach();
      const before = state.journal.entry(7);
      expect(await ask({ receivedAt: 9999 })).toBe('lost');
      expect(state.journal.entry(7)).toEqual(before);
    }
    expect(hub.calls).toEqual([]);
  });

  it('remembers where the answer goes, also when that is known only after the first question', async () => {
    const first = { replyTo: 'first', correlationId: 'c1' };
    const second = { replyTo: 'second', correlationId: undefined };
    behave('lose the answer');
    await ask({ replies: [first] });
    expect(await ask({ attempt: 2, replies: [first, second] })).toBe('won');
    expect(state.journal.entry(7)?.replies).toEqual([first, second]);
  });
});
