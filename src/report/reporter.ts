import { setMaxListeners } from 'node:events';
import PQueue from 'p-queue';
import type { Outcome } from '../command.ts';
import { boundedText, describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import {
  CommandGoneError,
  CommandNotRunningError,
  FAULTS_UNTIL_FINAL,
  HubFaultError,
  HubTroubleError,
  HubUnreachableError,
  WrongLabError,
} from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import { type BackoffBounds, backoffMs, wait } from '../wait.ts';
import type { HubCheck } from './hub-check.ts';
import type { Journal } from './journal.ts';
import type { JournalEntry } from './journal-entry.ts';
import { forgottenForm, nextForm } from './outcome-forms.ts';
import type { RefusedOutcomes } from './refused-outcomes.ts';

export interface ReporterOptions {
  readonly hub: Pick<HubClient, 'markCompleted' | 'markFailed' | 'markAborted'>;
  readonly journal: Pick<Journal, 'entry' | 'endedInstead' | 'told'>;
  /** Called once the hub has accepted an outcome, or never will, with what the journal then holds. */
  readonly onAccepted: (entry: JournalEntry) => void;
  /** Whether the hub is still the one that gave us the commands. */
  readonly check?: Pick<HubCheck, 'passed' | 'lapse'>;
  /** Is told of outcomes that the hub refuses, for `status`. */
  readonly refused?: Pick<RefusedOutcomes, 'refused' | 'accepted' | 'forgotten'>;
  /** Between two tries; 500 ms doubling up to 30 s unless given. */
  readonly backoff?: BackoffBounds;
  readonly log: Logger;
}

/** Outcomes on their way at once. While the hub is away these knock at its door, and no more. */
const PARALLEL = 8;
const REASON_LENGTH = 1_000;
/** Eight tries take about half a minute, as those of a claim. */
const BACKOFF = { firstMs: 500, maxMs: 30_000 };

/** How often an outcome was offered: in all, for the backoff; and how often in a row it was refused in its present form. */
interface Tries {
  readonly attempt: number;
  readonly refusals: number;
}

/**
 * Delivers outcomes from the journal to the hub, each for as long as it takes; what is left at a stop stays in the journal. One that the
 * hub refuses again and again is offered in plainer form, and at last as aborted; when the hub cannot take any, it is forgotten.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #deliveries = new PQueue({ concurrency: PARALLEL });
  readonly #stopping = new AbortController();

  constructor(options: ReporterOptions) {
    this.#options = options;
    // Each outcome that waits for its next try listens: many listeners are no leak, of which Node would warn.
    setMaxListeners(Infinity, this.#stopping.signal);
  }

  /**
   * Resolves when the hub has accepted the outcome of command `id`, or has refused it, or at the stop. A refused outcome is
   * offered again later, but its lanes need not wait for that: the hub may refuse it for long.
   */
  report(id: number): Promise<void> {
    return this.#deliveries.add(() => this.#deliver(id, { attempt: 1, refusals: 0 }));
  }

  /** Ends all tries; resolves when the last call has come back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#deliveries.onIdle();
  }

  async #deliver(id: number, before: Tries): Promise<void> {
    const { check } = this.#options;
    for (let { attempt } = before; !this.#isStopped(); attempt += 1) {
      try {
        await check?.passed();
        // After the stop the journal may be closed.
        if (this.#isStopped()) return;
        const entry = this.#options.journal.entry(id);
        if (entry?.outcome === undefined) return;
        await this.#tell(id, entry.outcome);
        this.#accepted(id);
        return;
      } catch (error) {
        if (error instanceof HubUnreachableError) check?.lapse();
        if (error instanceof HubFaultError) {
          this.#refused(id, error, { attempt, refusals: before.refusals + (isRefusal(error) ? 1 : 0) });
          return;
        }
        this.#warn(id, attempt, error);
      }
      if (!(await this.#pause(attempt))) return;
    }
  }

  /** Its lanes open now. */
  #refused(id: number, error: HubFaultError, { attempt, refusals }: Tries): void {
    const { journal, refused, log } = this.#options;
    const outcome = journal.entry(id)?.outcome;
    if (outcome === undefined) return;
    const reason = boundedText(describeError(error), REASON_LENGTH);
    if (error instanceof WrongLabError || error instanceof CommandGoneError) {
      log.error('outcome refused for good, the command is forgotten', {
        id,
        outcome: outcome.status,
        reason,
      });
      refused?.forgotten(id, reason);
      journal.endedInstead(id, forgottenForm(outcome, reason));
      this.#accepted(id);
      return;
    }
    this.#warn(id, attempt, error);
    refused?.refused(id, reason);
    if (refusals < FAULTS_UNTIL_FINAL) {
      void this.#deliverLater(id, { attempt, refusals });
      return;
    }
    const form = nextForm(outcome);
    if (form !== outcome) {
      log.error('outcome refused, it is offered in plainer form', {
        id,
        outcome: form.status,
        refusals,
        reason,
      });
      journal.endedInstead(id, form);
    }
    // What cannot be said more plainly is offered for as long as the hub lists the command as running, at the slowest pace.
    void this.#deliverLater(id, { attempt: form === outcome ? attempt : 0, refusals: 0 });
  }

  async #deliverLater(id: number, { attempt, refusals }: Tries): Promise<void> {
    if (!(await this.#pause(attempt))) return;
    await this.#deliveries.add(() => this.#deliver(id, { attempt: attempt + 1, refusals }));
  }

  async #tell(id: number, outcome: Outcome): Promise<void> {
    const { hub, log } = this.#options;
    try {
      await tellHub(hub, id, outcome);
    } catch (error) {
      if (!(error instanceof CommandNotRunningError)) throw error;
      // An earlier try was accepted and its answer lost, or somebody has ended the command at the hub.
      log.info('outcome was known already', { id });
    }
    this.#options.refused?.accepted(id);
  }

  #accepted(id: number): void {
    const { journal, onAccepted } = this.#options;
    journal.told(id);
    const entry = journal.entry(id);
    if (entry !== undefined) onAccepted(entry);
  }

  #warn(id: number, attempt: number, error: unknown): void {
    const reason = boundedText(describeError(error), REASON_LENGTH);
    this.#options.log[attempt === 1 ? 'warn' : 'debug']('outcome not delivered yet', { id, attempt, reason });
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  #pause(attempt: number): Promise<boolean> {
    return wait(backoffMs(attempt, this.#options.backoff ?? BACKOFF), this.#stopping.signal);
  }
}

/** Makes the call that tells the hub how a command ended. */
export async function tellHub(hub: ReporterOptions['hub'], id: number, outcome: Outcome): Promise<void> {
  switch (outcome.status) {
    case 'completed':
      return hub.markCompleted(id);
    case 'failed':
      return hub.markFailed(id, outcome.message, outcome.systemBroken);
    case 'aborted':
      return hub.markAborted(id, outcome.message);
  }
}

/** Whether the hub has looked at this outcome and does not want it, rather than that it cannot take any just now. */
export function isRefusal(error: unknown): error is HubFaultError {
  return error instanceof HubFaultError && !(error instanceof HubTroubleError);
}
