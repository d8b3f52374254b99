import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { UnconfirmedError, UnroutableError } from '../../../src/broker/errors.ts';
import type { OutgoingMessage } from '../../../src/broker/outgoing-message.ts';
import { decodeResult, type Result } from '../../../src/broker/result-message.ts';
import type { Outcome } from '../../../src/command.ts';
import type { Reply } from '../../../src/delivery.ts';
import { Answers } from '../../../src/report/answers.ts';
import type { JournalEntry } from '../../../src/report/journal-entry.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type JournalInDir, journalInDir } from '../../helpers/journal-in-dir.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const COMPLETED = { status: 'completed' } as const;

describe('Answers', () => {
  let state: JournalInDir;
  let broker: FakeBroker;
  let answers: Answers;

  beforeEach(() => {
    state = journalInDir();
    broker = new FakeBroker();
    answers = newAnswers();
  });
  afterEach(() => {
    answers.stop();
    state.remove();
  });

  const newAnswers = (publisher: FakeBroker | undefined = broker): Answers =>
    new Answers({
      publisher,
      journal: state.journal,
      lab: 'lab.example.com',
      worker: 'host:1',
      backoff: { firstMs: 1, maxMs: 4 },
      log: silentLogger,
    });
  const told = (replies: readonly Reply[], outcome: Outcome = COMPLETED): JournalEntry => {
    const command = powerCommand({ id: 7, action: 'off' });
    state.journal.claiming(command, 1000, replies);
    state.journal.claimed(7);
    state.journal.started(command, 1500);
    state.journal.ended(command, outcome, 4000, { beginsRest: true });
    state.journal.told(7);
    return entry();
  };
  const entry = (): JournalEntry => {
    const found = state.journal.entry(7);
    if (found === undefined) throw new Error('expected command 7 in the journal');
    return found;
  };
  const isForgotten = (): boolean => state.journal.entry(7) === undefined;

  it('announces that a command runs, and how long it had to wait', () => {
    const command = powerCommand({ id: 7, action: 'off' });
    state.journal.claiming(command, 1000, [{ replyTo: 'somebody', correlationId: undefined }]);
    state.journal.started(command, 1500);
    answers.running(entry());
    expect(broker.events).toEqual([{ ...ABOUT, status: 'running', queuedMs: 500 }]);
    expect(broker.replies).toEqual([]);
  });

  it.each<[Outcome, Partial<Result>]>([
    [COMPLETED, { status: 'completed' }],
    [
      { status: 'failed', message: 'no such outlet', systemBroken: true },
      { status: 'failed', message: 'no such outlet', systemBroken: true },
    ],
    [
      { status: 'aborted', message: 'stopped' },
      { status: 'aborted', message: 'stopped' },
    ],
  ])('announces how a command ended, answers who asked, and forgets it: %j', async (outcome, expected) => {
    answers.ended(told([{ replyTo: 'answers', correlationId: 'c1' }], outcome));
    await waitUntil(isForgotten);
    const result = { ...ABOUT, ...expected, queuedMs: 500, ranMs: 2500 };
    expect(broker.events).toEqual([result]);
    expect(broker.replies).toEqual([{ to: 'answers', correlationId: 'c1', result }]);
  });

  it('tells its own results from those of a worker in another container with the same host name and pid', () => {
    answers.ended(told([]));
    expect(answers.isOwn({ id: 7, worker: 'host:1' })).toBe(true);
    expect(answers.isOwn({ id: 8, worker: 'host:1' })).toBe(false);
    expect(answers.isOwn({ id: 7, worker: 'host:2' })).toBe(false);
  });

  it('answers everybody who asked', async () => {
    answers.ended(
      told([
        { replyTo: 'a', correlationId: '1' },
        { replyTo: 'b', correlationId: undefined },
      ]),
    );
    await waitUntil(isForgotten);
    expect(broker.replies.map(({ to, correlationId }) => [to, correlationId])).toEqual([
      ['a', '1'],
      ['b', undefined],
    ]);
  });

  it('answers a message that came twice once', async () => {
    const reply = { replyTo: 'a', correlationId: '1' };
    state.journal.claiming(powerCommand({ id: 7 }), 1000, [reply]);
    state.journal.alsoReplyTo(7, { ...reply });
    state.journal.alsoReplyTo(7, { ...reply, correlationId: '2' });
    state.journal.alsoReplyTo(7, { ...reply, correlationId: '2' });
    answers.ended(told([]));
    await waitUntil(isForgotten);
    expect(broker.replies.map(({ correlationId }) => correlationId)).toEqual(['1', '2']);
  });

  it('answers those who ask late, with the others or soon after, and not who asks for what it does not know', async () => {
    broker.refuse = () => new UnconfirmedError('no session');
    const command = powerCommand({ id: 7, action: 'off' });
    state.journal.claiming(command, 1000, [{ replyTo: 'first', correlationId: undefined }]);
    answers.alsoTo(7, { replyTo: 'meanwhile', correlationId: 'm' });
    expect(broker.tries).toBe(0);
    state.journal.ended(command, COMPLETED, 4000, { beginsRest: true });
    state.journal.told(7);
    answers.ended(entry());
    answers.alsoTo(7, { replyTo: 'told', correlationId: 't' });
    broker.refuse = () => undefined;
    await waitUntil(isForgotten);
    answers.alsoTo(7, { replyTo: 'afterwards', correlationId: 'a' });
    answers.alsoTo(8, { replyTo: 'stranger', correlationId: 's' });
    await waitUntil(() => broker.replies.length >= 4);
    expect(broker.replies.map(({ to }) => to).sort()).toEqual(['afterwards', 'first', 'meanwhile', 'told']);
  });

  it('forgets a command at once when nobody asked', async () => {
    answers.ended(told([]));
    await waitUntil(isForgotten);
    expect(broker.events).toHaveLength(1);
  });

  it('forgets a command only after its last answer is delivered', async () => {
    broker.refuse = ({ routingKey }) =>
      routingKey === 'slow' ? new UnconfirmedError('no session') : undefined;
    answers.ended(
      told([
        { replyTo: 'slow', correlationId: undefined },
        { replyTo: 'quick', correlationId: undefined },
      ]),
    );
    await waitUntil(() => broker.tries >= 5);
    expect(broker.replies.map(({ to }) => to)).toEqual(['quick']);
    expect(isForgotten()).toBe(false);
    broker.refuse = () => undefined;
    await waitUntil(isForgotten);
    expect(broker.replies.map(({ to }) => to)).toEqual(['quick', 'slow']);
    expect(broker.events).toHaveLength(1);
  });

  it('drops an answer whose queue is gone, and forgets the command', async () => {
    broker.refuse = () => new UnroutableError('no queue');
    answers.ended(told([{ replyTo: 'gone', correlationId: undefined }]));
    await waitUntil(isForgotten);
    expect(broker.tries).toBe(1);
  });

  it('owes the answer across a restart, but announces nothing a second time', async () => {
    broker.refuse = () => new UnconfirmedError('no session');
    answers.ended(told([{ replyTo: 'answers', correlationId: 'c1' }]));
    await waitUntil(() => broker.tries >= 2);
    answers.stop();
    state.reopen();

    broker.refuse = () => undefined;
    answers = newAnswers();
    answers.owed(entry());
    await waitUntil(isForgotten);
    expect(broker.events).toHaveLength(1);
    expect(broker.replies).toHaveLength(1);
  });

  it('keeps what it owes in the journal when it is stopped', async () => {
    broker.refuse = () => new UnconfirmedError('no session');
    answers.ended(told([{ replyTo: 'answers', correlationId: undefined }]));
    await waitUntil(() => broker.tries >= 2);
    answers.stop();
    // By now it has noticed the stop, and done with the command whatever it does.
    await nextTurn();
    expect(isForgotten()).toBe(false);
    broker.refuse = () => undefined;
    const { tries } = broker;
    const next = newAnswers();
    next.owed(entry());
    await waitUntil(isForgotten);
    expect(broker.tries).toBe(tries + 1);
  });

  it('says of a restart in between only that time passed, never that less than none did', () => {
    const command = powerCommand({ id: 7, action: 'off' });
    state.journal.claiming(command, 2_000, []);
    state.journal.started(command, 1_500.25);
    answers.running(entry());
    expect(broker.events).toEqual([{ ...ABOUT, status: 'running', queuedMs: 0 }]);
  });

  it('drops what it owes in a lab that has no broker any more', async () => {
    newAnswers(undefined).owed(told([{ replyTo: 'answers', correlationId: undefined }]));
    await waitUntil(isForgotten);
  });
});

const ABOUT = { id: 7, lab: 'lab.example.com', fqdn: 'sys1.lab.test', action: 'off', worker: 'host:1' };

interface Sent {
  readonly to: string;
  readonly correlationId: string | undefined;
  readonly result: Result;
}

/** Takes messages, unless it is told to refuse them. */
class FakeBroker {
  refuse: (message: OutgoingMessage) => Error | undefined = () => undefined;
  tries = 0;
  readonly events: Result[] = [];
  readonly replies: Sent[] = [];

  offer({ exchange, routingKey, content }: OutgoingMessage): void {
    expect([exchange, routingKey]).toEqual(['beaker.results', 'beaker.Result.lab.example.com']);
    this.events.push(decodeResult(content));
  }

  async publish(message: OutgoingMessage, options?: { mandatory?: boolean }): Promise<void> {
    this.tries += 1;
    const refusal = this.refuse(message);
    if (refusal !== undefined) throw refusal;
    const { exchange, routingKey: to, content, properties } = message;
    expect([exchange, options]).toEqual(['', { mandatory: true }]);
    this.replies.push({ to, correlationId: properties.correlationId, result: decodeResult(content) });
  }
}
