import { uptime } from 'node:os';
import type { Command } from '../command.ts';
import { boundedText, describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import {
  CommandAlreadyRunError,
  CommandGoneError,
  FAULTS_UNTIL_FINAL,
  HubFaultError,
  HubTroubleError,
  HubUnreachableError,
  WrongLabError,
} from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import type { Arrival, Claim } from '../queue/handlers.ts';
import { JournalFullError } from '../report/held-writes.ts';
import type { Journal } from '../report/journal.ts';
import type { Whose } from '../roster/roster.ts';

export interface ClaimOptions {
  readonly hub: Pick<HubClient, 'markRunning' | 'runningIds'>;
  readonly journal: Pick<Journal, 'entry' | 'claiming' | 'claimed' | 'forget' | 'alsoReplyTo'>;
  /** How often in a row the hub has answered with a fault, by command; kept here from question to question. */
  readonly faults: Map<number, number>;
  /** Whose a running command is that we asked for without hearing the answer. Ours, when there is no other worker. */
  readonly whose: (id: number) => Whose;
  /** Clocks by which an absence is noticed, in milliseconds; `absenceClocks` unless given. */
  readonly clocks?: readonly (() => number)[];
  readonly log: Logger;
}

/** The command is not ours. */
type Decided = 'lost' | { readonly refused: string };

/**
 * Asks the hub for the command. What is journaled before the question makes an answer that was lost, with the connection or
 * with this process, recoverable: a command that *we* asked for and that the hub lists as running is ours, unless another
 * worker was given it.
 */
export async function claim(command: Command, arrival: Arrival, options: ClaimOptions): Promise<Claim> {
  const { hub, journal, clocks = absenceClocks } = options;
  const { id } = command;
  const stage = journal.entry(id)?.stage;
  // An old message about a command that this worker is through with, or nearly.
  if (stage !== undefined && stage !== 'claiming') {
    arrival.replies.forEach((reply) => journal.alsoReplyTo(id, reply));
    return 'lost';
  }
  let askedBefore: boolean;
  try {
    askedBefore = !journal.claiming(command, arrival.receivedAt, arrival.replies);
  } catch (error) {
    if (!(error instanceof JournalFullError)) throw error;
    // Not asked for: what is given to us and not journaled would be lost with this process. The journal says it once for all.
    options.log.debug('claim waits for room in STATE_DIR');
    return 'undecided';
  }
  if (askedBefore) arrival.replies.forEach((reply) => journal.alsoReplyTo(id, reply));
  const question = { id, attempt: arrival.attempt, askedBefore };
  const hasBeenAway = noticeAbsence(clocks);
  try {
    await hub.markRunning(id);
  } catch (error) {
    return afterError(error, question, options);
  }
  if (hasBeenAway()) return unlessAborted(question, options);
  return win(id, options);
}

/** Longer than a hub that is well takes to answer; shorter than any grace after which a command is called orphaned. */
const ABSENCE_MS = 5_000;

/**
 * The time since boot, which goes on while the machine sleeps, unlike the monotonic clock. And the wall clock, since all others stand still in
 * a virtual machine that is paused: when it has only been set, the hub is asked once more than is needed.
 */
const absenceClocks = [(): number => uptime() * 1000, Date.now] as const;

/** Tells later whether this process may have been frozen in the meantime, by any of the clocks. */
function noticeAbsence(clocks: readonly (() => number)[]): () => boolean {
  const before = clocks.map((now) => now());
  return () => clocks.some((now, at) => now() - (before[at] ?? NaN) >= ABSENCE_MS);
}

/** The hub gave us the command, but that may be long ago: it may have been called orphaned since, and its lanes given to the next. */
async function unlessAborted(question: Question, options: ClaimOptions): Promise<Claim> {
  const { hub, log } = options;
  const { id } = question;
  try {
    return (await hub.runningIds()).includes(id) ? win(id, options) : lose('lost', id, options);
  } catch (error) {
    log.warn('claim undecided', { reason: describeError(error) });
    return 'undecided';
  }
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
  const reason = boundedText(describeError(error), REASON_LENGTH);
  const isNews = attempt === 1;
  log[isNews ? 'warn' : 'debug']('claim undecided', { attempt, reason });
  const repeated = faultsInARow(error, faults.get(id) ?? 0);
  faults.set(id, repeated);
  if (error instanceof HubUnreachableError && error.mayHaveActed) return 'undecided';
  if (!askedBefore) journal.forget(id);
  if (repeated < FAULTS_UNTIL_FINAL) return 'undecided';
  return unlessOurs({ refused: reason }, question, options);
}

/** Longer than what Beaker says; what is longer is said by something between it and us. */
const REASON_LENGTH = 1_000;

function faultsInARow(error: unknown, before: number): number {
  if (error instanceof WrongLabError || error instanceof CommandGoneError) return FAULTS_UNTIL_FINAL;
  return error instanceof HubFaultError && !(error instanceof HubTroubleError) ? before + 1 : 0;
}

/** The command is lost or refused, unless the hub has given it to us before and the answer got lost. */
async function unlessOurs(
  decided: Decided,
  { id, askedBefore }: Question,
  options: ClaimOptions,
): Promise<Claim> {
  const { hub, log } = options;
  const isRunning = async (): Promise<boolean> => (await hub.runningIds()).includes(id);
  try {
    if (askedBefore && (await isRunning())) {
      const whose = options.whose(id);
      // Asked once more: it may have been another's, who has ended it since the list was made, and names it no longer.
      if (whose === 'ours' && (await isRunning())) return win(id, options);
      if (whose === 'unsure') return 'undecided';
    }
  } catch (error) {
    log.warn('claim undecided', { reason: describeError(error) });
    return 'undecided';
  }
  return lose(decided, id, options);
}

function lose(decided: Decided, id: number, { journal, faults, log }: ClaimOptions): Decided {
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
