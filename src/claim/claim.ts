import type { Command } from '../command.ts';
import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { CommandAlreadyRunError, HubFaultError, HubUnreachableError } from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import type { Journal } from '../report/journal.ts';
import type { Reply } from '../delivery.ts';

export interface ClaimOptions {
  readonly hub: Pick<HubClient, 'markRunning' | 'runningIds'>;
  readonly journal: Pick<Journal, 'entry' | 'claiming' | 'claimed' | 'forget'>;
  readonly log: Logger;
}

/** What the claimer knows of the command besides the command. */
export interface Arrival {
  readonly receivedAt: number;
  readonly replies: readonly Reply[];
  /** How often the hub has been asked for it in this life, from 1. */
  readonly attempt: number;
}

/** `undecided`: nobody knows yet, so it must be asked again; `refused`: the hub will not have the command run. */
export type ClaimResult = 'won' | 'lost' | 'undecided' | { readonly refused: string };

/** A hub answers every trouble of its own with a fault, a deadlock in its database as well: so a fault is final only when it repeats. */
const FAULTS_UNTIL_FINAL = 5;

/**
 * Asks the hub for the command. What is journaled before the question makes an answer that was lost, with the connection or
 * with this process, recoverable: a command that *we* asked for and that the hub lists as running is ours.
 */
export async function claim(command: Command, arrival: Arrival, options: ClaimOptions): Promise<ClaimResult> {
  const { hub, journal } = options;
  const stage = journal.entry(command.id)?.stage;
  // An old message about a command that this worker is through with, or nearly.
  if (stage !== undefined && stage !== 'claiming') return 'lost';
  const askedBefore = !journal.claiming(command, arrival.receivedAt, arrival.replies);
  try {
    await hub.markRunning(command.id);
  } catch (error) {
    return afterError(error, { command, arrival, askedBefore }, options);
  }
  journal.claimed(command.id);
  return 'won';
}

interface Question {
  readonly command: Command;
  readonly arrival: Arrival;
  /** Whether an earlier question may have been granted without our hearing of it. */
  readonly askedBefore: boolean;
}

async function afterError(error: unknown, question: Question, options: ClaimOptions): Promise<ClaimResult> {
  const { command, arrival, askedBefore } = question;
  const { journal, log } = options;
  if (error instanceof CommandAlreadyRunError) {
    return askedBefore ? whoseIsIt(command, options) : lose(command, options);
  }
  const reason = describeError(error);
  const isNews = arrival.attempt === 1;
  log[isNews ? 'warn' : 'debug']('claim undecided', { attempt: arrival.attempt, reason });
  if (error instanceof HubUnreachableError && error.mayHaveActed) return 'undecided';
  if (!askedBefore) journal.forget(command.id);
  const isFinal = error instanceof HubFaultError && arrival.attempt >= FAULTS_UNTIL_FINAL;
  if (!isFinal) return 'undecided';
  journal.forget(command.id);
  return { refused: reason };
}

async function whoseIsIt(command: Command, options: ClaimOptions): Promise<ClaimResult> {
  const { hub, journal, log } = options;
  try {
    const running = await hub.runningIds();
    if (!running.includes(command.id)) return lose(command, options);
  } catch (error) {
    log.warn('claim undecided', { reason: describeError(error) });
    return 'undecided';
  }
  journal.claimed(command.id);
  return 'won';
}

function lose({ id }: Command, { journal, log }: ClaimOptions): 'lost' {
  journal.forget(id);
  log.info('claim lost', { reason: 'somebody else has the command, or it was cancelled' });
  return 'lost';
}
