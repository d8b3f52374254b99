import PQueue from 'p-queue';
import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { CommandNotRunningError, HubFaultError } from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import { type BackoffBounds, backoffMs, wait } from '../wait.ts';
import type { Journal } from './journal.ts';
import type { JournalEntry } from './journal-entry.ts';

export interface ReporterOptions {
  readonly hub: Pick<HubClient, 'markCompleted' | 'markFailed' | 'markAborted'>;
  readonly journal: Pick<Journal, 'entry' | 'told'>;
  /** Called once the hub has accepted an outcome, with what the journal then holds. */
  readonly onAccepted: (entry: JournalEntry) => void;
  /** Between two tries; 250 ms doubling up to 30 s unless given. */
  readonly backoff?: BackoffBounds;
  readonly log: Logger;
}

/** Outcomes on their way at once. While the hub is away these knock at its door, and no more. */
const PARALLEL = 8;

/** Delivers outcomes from the journal to the hub, each for as long as it takes; what is left at a stop stays in the journal. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #deliveries = new PQueue({ concurrency: PARALLEL });
  readonly #stopping = new AbortController();

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the hub has accepted the outcome of command `id`, or has refused it, or at the stop. A refused outcome is
   * offered again later, but nobody should wait for that: the hub may refuse it for ever.
   */
  report(id: number): Promise<void> {
    return this.#deliveries.add(() => this.#deliver(id, 1));
  }

  /** Ends all tries; resolves when the last call has come back. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#deliveries.onIdle();
  }

  async #deliver(id: number, attempt: number): Promise<void> {
    const { journal, log } = this.#options;
    // After the stop the journal may be closed.
    if (this.#stopping.signal.aborted) return;
    const entry = journal.entry(id);
    if (entry?.outcome === undefined) return;
    for (let tries = attempt; ; tries += 1) {
      try {
        await this.#tell(entry);
        this.#accepted(id);
        return;
      } catch (error) {
        log[tries === 1 ? 'warn' : 'debug']('outcome not delivered yet', {
          id,
          attempt: tries,
          reason: describeError(error),
        });
        if (error instanceof HubFaultError) {
          void this.#deliverLater(id, tries);
          return;
        }
      }
      if (!(await this.#pause(tries))) return;
    }
  }

  async #deliverLater(id: number, tries: number): Promise<void> {
    if (!(await this.#pause(tries))) return;
    await this.#deliveries.add(() => this.#deliver(id, tries + 1));
  }

  async #tell({ command: { id }, outcome }: JournalEntry): Promise<void> {
    const { hub, log } = this.#options;
    try {
      switch (outcome?.status) {
        case 'completed':
          await hub.markCompleted(id);
          return;
        case 'failed':
          await hub.markFailed(id, outcome.message, outcome.systemBroken);
          return;
        case 'aborted':
          await hub.markAborted(id, outcome.message);
          return;
        case undefined:
      }
    } catch (error) {
      if (!(error instanceof CommandNotRunningError)) throw error;
      // An earlier try was accepted and its answer lost, or somebody has ended the command at the hub.
      log.info('outcome was known already', { id });
    }
  }

  #accepted(id: number): void {
    const { journal, onAccepted } = this.#options;
    journal.told(id);
    const entry = journal.entry(id);
    if (entry !== undefined) onAccepted(entry);
  }

  #pause(tries: number): Promise<boolean> {
    const bounds = this.#options.backoff ?? { firstMs: 250, maxMs: 30_000 };
    return wait(backoffMs(tries, bounds), this.#stopping.signal);
  }
}
