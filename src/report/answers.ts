import type { AnnouncedOutcome } from '../broker/announcement.ts';
import { UnroutableError } from '../broker/errors.ts';
import { type Result, resultEvent, resultReply } from '../broker/result-message.ts';
import type { Publisher } from '../broker/publisher.ts';
import { describeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { wallTimeOf } from '../steady-clock.ts';
import { type BackoffBounds, backoffMs, wait } from '../wait.ts';
import type { Journal } from './journal.ts';
import type { Reply } from '../delivery.ts';
import type { JournalEntry } from './journal-entry.ts';

export interface AnswersOptions {
  /** Undefined in a lab without a broker. */
  readonly publisher: Pick<Publisher, 'publish' | 'offer'> | undefined;
  readonly journal: Pick<Journal, 'entry' | 'alsoReplyTo' | 'forget'>;
  readonly lab: string;
  /** Name of this worker. */
  readonly worker: string;
  /** Between two tries of an answer; 500 ms doubling up to 30 s unless given. */
  readonly backoff?: BackoffBounds;
  readonly log: Logger;
}

const RECENT_RESULTS = 1_000;
/** Enough for a look, and little enough to be told every other moment. */
const LAST = 10;
const MESSAGE_LENGTH = 200;
const BACKOFF = { firstMs: 500, maxMs: 30_000 };

/**
 * Tells the broker what becomes of commands: an event for whoever listens, sent if the broker is there; and the answer that
 * the command's publisher asked for, sent for as long as it takes, across restarts, before the command is forgotten.
 */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #stopping = new AbortController();
  /** The last results, oldest first, for those who ask late. */
  readonly #recent = new Map<number, Result>();
  /** How the last commands ended, the last first, for those who look on; the time on the steady clock. */
  #last: readonly AnnouncedOutcome[] = [];

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** Announces that a command runs. */
  running({ command, receivedAt, startedAt }: JournalEntry): void {
    const queuedMs = startedAt === undefined ? undefined : between(receivedAt, startedAt);
    this.#options.publisher?.offer(resultEvent({ ...this.#about(command), status: 'running', queuedMs }));
  }

  /** Announces the outcome, sends the answers that are owed, and then forgets the command. */
  ended(entry: JournalEntry): void {
    const result = this.#result(entry);
    if (result !== undefined) {
      this.#remember(result);
      this.#last = [outcomeOf(entry), ...this.#last].flatMap((one) => one ?? []).slice(0, LAST);
      this.#options.publisher?.offer(resultEvent(result));
    }
    this.owed(entry);
  }

  /** Whether the outcome was announced here, in this life. The name does not tell: workers in two containers may have the same host name and pid. */
  isOwn({ id, worker }: Pick<Result, 'id' | 'worker'>): boolean {
    return worker === this.#options.worker && this.#recent.has(id);
  }

  /** How the last few commands ended, the last first. */
  last(): readonly AnnouncedOutcome[] {
    // As the clock is set now: it may have been wrong when the command ended.
    return this.#last.map(({ endedMs, ...rest }) => ({ ...rest, endedMs: wallTimeOf(endedMs) }));
  }

  /** Somebody else wants the command's answer: sent with the others, or now, if the command ended not long ago. */
  alsoTo(id: number, reply: Reply): void {
    const { journal } = this.#options;
    const stage = journal.entry(id)?.stage;
    const result = this.#recent.get(id);
    if (stage !== undefined && stage !== 'told') journal.alsoReplyTo(id, reply);
    else if (result !== undefined) void this.#answer(result, reply);
  }

  /** Sends the answers that are owed, without an event, and then forgets the command. */
  owed(entry: JournalEntry): void {
    void this.#answerAll(entry);
  }

  /** Ends all tries; what is not answered stays in the journal. */
  stop(): void {
    this.#stopping.abort();
  }

  #remember(result: Result): void {
    this.#recent.set(result.id, result);
    const [oldest] = this.#recent.keys();
    if (this.#recent.size > RECENT_RESULTS && oldest !== undefined) this.#recent.delete(oldest);
  }

  async #answerAll(entry: JournalEntry): Promise<void> {
    const result = this.#result(entry);
    if (result !== undefined) {
      const answered = await Promise.all(entry.replies.map((reply) => this.#answer(result, reply)));
      if (answered.includes(false)) return;
    }
    this.#options.journal.forget(entry.command.id);
  }

  /** Whether the answer is delivered or nobody is there to take it; false when it is still owed. */
  async #answer(result: Result, reply: Reply): Promise<boolean> {
    const { publisher, backoff = BACKOFF, log } = this.#options;
    const facts = { id: result.id, replyTo: reply.replyTo };
    if (publisher === undefined) {
      log.warn('answer dropped', { ...facts, reason: 'no broker is configured any more' });
      return true;
    }
    for (let attempt = 1; !this.#stopping.signal.aborted; attempt += 1) {
      try {
        await publisher.publish(resultReply(result, reply), { mandatory: true });
        return true;
      } catch (error) {
        if (error instanceof UnroutableError) {
          log.info('answer dropped', { ...facts, reason: 'the queue that was to get it is gone' });
          return true;
        }
        log.debug('answer not delivered yet', { ...facts, attempt, reason: describeError(error) });
      }
      await wait(backoffMs(attempt, backoff), this.#stopping.signal);
    }
    return false;
  }

  #result({ command, outcome, receivedAt, startedAt, endedAt }: JournalEntry): Result | undefined {
    if (outcome === undefined) return undefined;
    return {
      ...this.#about(command),
      status: outcome.status,
      message: outcome.message,
      systemBroken: outcome.status === 'failed' ? outcome.systemBroken : undefined,
      queuedMs: startedAt === undefined ? undefined : between(receivedAt, startedAt),
      ranMs: startedAt === undefined || endedAt === undefined ? 0 : between(startedAt, endedAt),
    };
  }

  #about({
    id,
    fqdn,
    action,
  }: JournalEntry['command']): Pick<Result, 'id' | 'lab' | 'fqdn' | 'action' | 'worker'> {
    const { lab, worker } = this.#options;
    return { id, lab, fqdn, action, worker };
  }
}

/** Milliseconds from one moment to a later one. */
function between(fromMs: number, toMs: number): number {
  return Math.max(0, Math.round(toMs - fromMs));
}

function outcomeOf({ command, outcome, endedAt }: JournalEntry): AnnouncedOutcome | undefined {
  if (outcome === undefined || endedAt === undefined) return undefined;
  const { id, fqdn, action } = command;
  const message = outcome.message?.slice(0, MESSAGE_LENGTH);
  return { id, fqdn, action, status: outcome.status, endedMs: endedAt, message };
}
