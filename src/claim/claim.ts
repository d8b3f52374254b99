import type { Command } from '../command.ts';
import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { CommandAlreadyRunError, HubFaultError, HubUnreachableError } from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import type { Arrival, Claim } from '../queue/handlers.ts';
import type { Journal } from '../report/journal.ts';
import type { Whose } from '../roster/roster.ts';

export interface ClaimOptions {
  readonly hub: Pick<HubClient, 'markRunning' | 'runningIds'>;
  readonly journal: Pick<Journal, 'entry' | 'claiming' | 'claimed' | 'forget' | 'alsoReplyTo'>;
  /** How often in a row the hub has answered with a fault, by command; kept here from question to question. */
  readonly faults: Map<number, number>;
  /** Whose a running command is that we asked for without hearing the answer. Ours, when there is no other worker. */
  readonly whose: (id: number) => Whose;
  readonly log: Logger;
}

/** The command is not ours. */
type Decided = 'lost' | { readonly refused: string };

/**
 * A hub answers every trouble of its own with a fault, a deadlock in its database as well: so a fault is final only when it
 * repeats; with the queue's backoff, for about half a minute.
 */
const FAULTS_UNTIL_FINAL = 8;

/**
 * Asks the hub for the command. What is journaled before the question makes an answer that was lost, with the connection or
 * with this process, recoverable: a command that *we* asked for and that the hub lists as running is ours, unless another
 * worker was given it.
 */
export async function claim(command: Command, arrival: Arrival, options: ClaimOptions): Promise<Claim> {
  const { hub, journal } = options;
  const { id } = command;
  const stage = journal.entry(id)?.stage;
  // An old message about a command that this worker is through with, or nearly.
  if (stage !== undefined && stage !== 'claiming') {
    arrival.replies.forEach((reply) => journal.alsoReplyTo(id, reply));
    return 'lost';
  }
  const askedBefore = !journal.claiming(command, arrival.receivedAt, arrival.replies);
  if (askedBefore) arrival.replies.forEach((reply) => journal.alsoReplyTo(id, reply));
  try {
    await hub.markRunning(id);
  } catch (error) {
    return afterError(error, { id, attempt: arrival.attempt, askedBefore }, options);
  }
  return win(id, options);
}

interface Question {
  readonly id: number;
  readonly attempt: number;
  /** Whether an earlier question may have been granted without our hearing of it. */
  readonly askedBefore: boolean;
}

async function afterError(error: unknown, question: Question, options: ClaimOptions): Promise<Claim> {
  const { id, attempt, askedBefore } = question;
  const { journal, faults, log } = options;
  if (error instanceof CommandAlreadyRunError) return unlessOurs('lost', question, options);
  const reason = describeError(error);
  const isNews = attempt === 1;
  log[isNews ? 'warn' : 'debug']('claim undecided', { attempt, reason });
  const repeated = error instanceof HubFaultError ? (faults.get(id) ?? 0) + 1 : 0;
  faults.set(id, repeated);
  if (error instanceof HubUnreachableError && error.mayHaveActed) return 'undecided';
  if (!askedBefore) journal.forget(id);
  if (repeated < FAULTS_UNTIL_FINAL) return 'undecided';
  return unlessOurs({ refused: reason }, question, options);
}

/** The command is lost or refused, unless the hub has given it to us before and the answer got lost. */
async function unlessOurs(
  decided: Decided,
  { id, askedBefore }: Question,
  options: ClaimOptions,
): Promise<Claim> {
  const { hub, journal, faults, log } = options;
  try {
    if (askedBefore && (await hub.runningIds()).includes(id)) {
      const whose = options.whose(id);
      if (whose === 'ours') return win(id, options);
      if (whose === 'unsure') return 'undecided';
    }
  } catch (error) {
    log.warn('claim undecided', { reason: describeError(error) });
    return 'undecided';
  }
  journal.forget(id);
  faults.delete(id);
  if (decided === 'lost') {
    log.info('claim lost', { reason: 'somebody else has the command, or it was cancelled' });
  } else log.error('claim refused', { reason: decided.refused });
  return decided;
}

function win(id: number, { journal, faults }: ClaimOptions): 'won' {
  journal.claimed(id);
  faults.delete(id);
  return 'won';
}
