import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../src/command.ts';
import { faultError } from '../../../src/hub/hub-errors.ts';
import type { JournalEntry } from '../../../src/report/journal-entry.ts';
import { RefusedOutcomes } from '../../../src/report/refused-outcomes.ts';
import { Reporter } from '../../../src/report/reporter.ts';
import { Troubles } from '../../../src/troubles.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type Behaviour, FakeHub } from '../../helpers/fake-hub.ts';
import { type JournalInDir, journalInDir } from '../../helpers/journal-in-dir.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const COMPLETED = { status: 'completed' } as const;

describe('Reporter', () => {
  let hub: FakeHub;
  let state: JournalInDir;
  let accepted: JournalEntry[];
  let reporter: Reporter;
  let troubles: Troubles;
  let lines: LogLine[];
  const shown = (): readonly string[] => troubles.list();

  beforeEach(() => {
    hub = new FakeHub();
    state = journalInDir();
    accepted = [];
    lines = [];
    troubles = new Troubles();
    reporter = newReporter();
  });
  afterEach(() => {
    void reporter.stop();
    state.remove();
  });

  const newReporter = (): Reporter =>
    new Reporter({
      hub,
      journal: state.journal,
      onAccepted: (entry) => accepted.push(entry),
      refused: new RefusedOutcomes(troubles),
      backoff: { firstMs: 1, maxMs: 4 },
      log: recordingLogger(lines),
    });
  /** A command that ran and ended, of which the hub has still to hear. */
  const ended = (id: number, outcome: Outcome = COMPLETED): void => {
    const command = powerCommand({ id });
    hub.queue(command);
    hub.claimElsewhere(id);
    state.journal.claiming(command, 1000, []);
    state.journal.ended(command, outcome, 3000, { beginsRest: true });
  };
  const behave = (...behaviours: Behaviour[]): void => {
    hub.behave = () => behaviours.shift() ?? 'answer';
  };

  it.each<Outcome>([
    COMPLETED,
    { status: 'failed', message: 'no such outlet', systemBroken: true },
    { status: 'failed', message: 'no script', systemBroken: false },
    { status: 'aborted', message: 'the worker was stopped' },
  ])('tells the hub exactly how a command ended: %j', async (outcome) => {
    ended(1, outcome);
    await reporter.report(1);
    expect(hub.outcome(1)).toEqual(outcome);
    expect(state.journal.entry(1)?.stage).toBe('told');
    expect(accepted.map(({ command, stage }) => [command.id, stage])).toEqual([[1, 'told']]);
  });

  it('tells again until the hub accepts', async () => {
    ended(1);
    behave('be away', 'refuse the login', 'be away', 'be away', 'refuse the login');
    await reporter.report(1);
    expect(hub.outcome(1)).toEqual(COMPLETED);
    expect(hub.calls).toHaveLength(6);
    expect(accepted).toHaveLength(1);
  });

  it('takes it for accepted when the hub knows of the end already: an earlier answer got lost', async () => {
    ended(1);
    behave('lose the answer');
    await reporter.report(1);
    expect(hub.calls).toHaveLength(2);
    expect(state.journal.entry(1)?.stage).toBe('told');
    expect(accepted).toHaveLength(1);
  });

  it('takes it for accepted when somebody else has ended the command at the hub', async () => {
    ended(1);
    hub.endElsewhere(1, { status: 'aborted', message: 'cancelled by the user' });
    await reporter.report(1);
    expect(hub.outcome(1)?.status).toBe('aborted');
    expect(accepted).toHaveLength(1);
  });

  it('keeps nobody waiting for an outcome that the hub refuses, and offers it again later', async () => {
    ended(1);
    hub.behave = () => 'fault';
    await reporter.report(1);
    expect(state.journal.entry(1)?.stage).toBe('ended');
    expect(accepted).toEqual([]);
    await waitUntil(() => hub.calls.length >= 4);
    hub.behave = () => 'answer';
    await waitUntil(() => accepted.length === 1);
    expect(hub.outcome(1)).toEqual(COMPLETED);
  });

  const OUTCOMES: Outcome[] = [
    COMPLETED,
    { status: 'failed', message: `größer 🙂\n${'x'.repeat(990)}`, systemBroken: true },
    { status: 'aborted', message: 'abgebrochen: ½' },
  ];

  it.each(OUTCOMES)(
    'offers a refused outcome in plainer form, and at last as aborted: $status',
    async (outcome) => {
      ended(1, outcome);
      const offered: (Outcome & { message?: string })[] = [];
      const refuse = (form: Outcome): Promise<void> => {
        offered.push(form);
        return Promise.reject(faultError('x', { code: 1, text: 'Data too long for column' }));
      };
      hub.markCompleted = () => refuse(COMPLETED);
      hub.markFailed = (_id, message, systemBroken) => refuse({ status: 'failed', message, systemBroken });
      const markAborted = hub.markAborted.bind(hub);
      hub.markAborted = async (id, message) => {
        offered.push({ status: 'aborted', message });
        if (!/^[ -~]{1,200}$/.test(message))
          throw faultError('x', { code: 1, text: 'Incorrect string value' });
        await markAborted(id, message);
      };
      await reporter.report(1);
      await waitUntil(() => accepted.length === 1);
      expect(hub.status(1)).toBe('aborted');
      expect(accepted[0]?.outcome).toEqual(hub.outcome(1));
      const forms = new Map(offered.map((form) => [JSON.stringify(form), 0]));
      for (const form of offered) forms.set(JSON.stringify(form), (forms.get(JSON.stringify(form)) ?? 0) + 1);
      expect([...forms.values()].slice(0, -1)).toEqual(Array.from({ length: forms.size - 1 }, () => 8));
      expect(offered.slice(8).every(({ message = '' }) => /^[ -~]{0,200}$/.test(message))).toBe(true);
      expect(shown()).toEqual([]);
    },
  );

  it('goes on after a restart with the form that it had come to', async () => {
    ended(1, OUTCOMES[1]);
    hub.behave = () => 'fault';
    await reporter.report(1);
    await waitUntil(() => hub.calls.length > 8);
    await reporter.stop();
    hub.behave = () => 'answer';
    state.reopen();
    reporter = newReporter();
    await reporter.report(1);
    expect(hub.outcome(1)).toMatchObject({ status: 'failed', message: expect.stringMatching(/^gr\?\?er/) });
  });

  it('does not take the trouble of a hub with its database for a refusal, however long it lasts', async () => {
    const outcome: Outcome = { status: 'failed', message: 'größer', systemBroken: true };
    ended(1, outcome);
    const markFailed = hub.markFailed.bind(hub);
    let calls = 0;
    hub.markFailed = (...args) => {
      calls += 1;
      const text = "(OperationalError) (2006, 'MySQL server has gone away')";
      return calls < 30
        ? Promise.reject(faultError('mark_command_failed', { code: 1, text }))
        : markFailed(...args);
    };
    await reporter.report(1);
    await waitUntil(() => accepted.length === 1);
    expect(hub.outcome(1)).toEqual(outcome);
  });

  it.each([
    'lab.example.com cannot update command for sys1 in wrong lab',
    "<type 'exceptions.AttributeError'>:'NoneType' object has no attribute 'system'",
    'lab lab.example.com has no command 1',
  ])('forgets a command of which the hub takes nothing more, with one error line: %s', async (text) => {
    ended(1);
    hub.markCompleted = () => Promise.reject(faultError('mark_command_completed', { code: 1, text }));
    await reporter.report(1);
    expect(state.journal.entry(1)?.stage).toBe('told');
    expect(accepted[0]?.outcome).toEqual({ status: 'aborted', message: expect.stringContaining(text) });
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(shown()).toEqual([expect.stringContaining('command 1 is forgotten')]);
  });

  it('says in status that the hub refuses an outcome, for as long as it does', async () => {
    ended(1);
    hub.behave = () => 'fault';
    await reporter.report(1);
    expect(shown()).toEqual([expect.stringContaining('refuses the outcome of command 1')]);
    hub.behave = () => 'answer';
    await waitUntil(() => accepted.length === 1);
    expect(shown()).toEqual([]);
  });

  it('lets other outcomes pass those that the hub refuses, however many', async () => {
    for (let id = 1; id <= 30; id += 1) ended(id);
    hub.behave = (_call, id) => (id === 30 ? 'answer' : 'fault');
    await Promise.all(Array.from({ length: 30 }, (_, index) => reporter.report(index + 1)));
    expect(hub.outcome(30)).toEqual(COMPLETED);
  });

  it('has at most eight outcomes on their way at once, and gets all there', async () => {
    let underWay = 0;
    let most = 0;
    for (let id = 1; id <= 40; id += 1) ended(id);
    const markCompleted = hub.markCompleted.bind(hub);
    hub.markCompleted = async (id) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await markCompleted(id).finally(() => (underWay -= 1));
    };
    await Promise.all(Array.from({ length: 40 }, (_, index) => reporter.report(index + 1)));
    expect(most).toBe(8);
    expect(accepted.map(({ command }) => command.id).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
  });

  it('leaves what it could not deliver before a stop in the journal, where the next life finds it', async () => {
    for (let id = 1; id <= 20; id += 1) ended(id);
    hub.behave = () => 'be away';
    const reports = Array.from({ length: 20 }, (_, index) => reporter.report(index + 1));
    await waitUntil(() => hub.calls.length > 20);
    void reporter.stop();
    await Promise.all(reports);
    expect(accepted).toEqual([]);

    hub.behave = () => 'answer';
    state.reopen();
    const left = state.journal.entries().filter(({ stage }) => stage === 'ended');
    expect(left).toHaveLength(20);
    reporter = newReporter();
    await Promise.all(left.map(({ command }) => reporter.report(command.id)));
    expect(accepted).toHaveLength(20);
  });

  it('offers a refused outcome no more once it is stopped', async () => {
    ended(1);
    hub.behave = () => 'fault';
    await reporter.report(1);
    void reporter.stop();
    const { length } = hub.calls;
    const another = newReporter();
    hub.behave = () => 'answer';
    // By the time that another has delivered it, the stopped one would have tried.
    await another.report(1);
    expect(hub.calls).toHaveLength(length + 1);
    expect(accepted).toHaveLength(1);
  });

  it('does not look into the journal after the stop, when that may be closed', async () => {
    const journal = {
      entry: () => {
        throw new Error('the journal is closed');
      },
      endedInstead: () => undefined,
      told: () => undefined,
    };
    const late = new Reporter({ hub, journal, onAccepted: () => undefined, log: silentLogger });
    await late.stop();
    await late.report(1);
  });

  it('has nothing to say about a command that has not ended, or that nobody knows', async () => {
    state.journal.claiming(powerCommand({ id: 1 }), 1000, []);
    await reporter.report(1);
    await reporter.report(2);
    expect(hub.calls).toEqual([]);
    expect(accepted).toEqual([]);
  });
});
