import type { Command } from '../command.ts';
import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import type { Claim } from '../queue/handlers.ts';
import type { HubCheck } from '../report/hub-check.ts';
import type { Journal } from '../report/journal.ts';
import { steadyNow } from '../steady-clock.ts';
import { backoffMs, wait } from '../wait.ts';

export interface ResumedCommandsOptions {
  readonly hub: Pick<HubClient, 'runningIds'>;
  readonly journal: Pick<Journal, 'entry' | 'entries' | 'ended'>;
  /** Whether the hub is still the one that gave us the commands. */
  readonly check: Pick<HubCheck, 'passed' | 'isAnother'>;
  /** Whether others may have been given what is ours while this worker was away. */
  readonly hasOthers: boolean;
  /** Resolves when the others can know what this worker has, or when that takes too long. */
  readonly announced: () => Promise<void>;
  /** Called for a reboot that has switched its system off, and must not switch it on any more. */
  readonly onStaysOff: (command: Command) => void;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

type Ask = (command: Command) => Promise<Claim>;
type Run = (command: Command) => Promise<'ended' | 'interrupted'>;

const BACKOFF = { firstMs: 250, maxMs: 10_000 };

/**
 * Sees to it that a command of a former life runs only while the hub lists it as running: while this worker was away, it may have
 * been aborted as orphaned, and its lanes given to the next.
 */
export class ResumedCommands {
  readonly #options: ResumedCommandsOptions;
  readonly #ids: Set<number>;

  constructor(options: ResumedCommandsOptions) {
    this.#options = options;
    const entries = options.journal.entries();
    this.#ids = new Set(
      entries.filter(({ stage }) => stage !== 'ended' && stage !== 'told').map(({ command }) => command.id),
    );
  }

  /** Asks the hub for the command, unless it is of a hub that is no more: then its id may be another command's. */
  async claimIfSameHub(command: Command, ask: Ask): Promise<Claim> {
    const { check, journal, log } = this.#options;
    const { id } = command;
    try {
      await check.passed();
    } catch (error) {
      log.debug('claim waits for the hub', { id, reason: describeError(error) });
      return 'undecided';
    }
    if (this.#ids.delete(id)) return journal.entry(id) === undefined ? 'lost' : ask(command);
    // The next list puts that one in its place.
    return check.isAnother(command) ? 'undecided' : ask(command);
  }

  /** Runs the command, unless it is of a former life and the hub has ended it; asks for as long as the hub takes to answer. */
  async runIfOurs(command: Command, run: Run): Promise<'ended' | 'interrupted'> {
    if (!this.#ids.delete(command.id)) return run(command);
    if (!this.#options.hasOthers) {
      // While the hub is away, what only this worker can have been given may run.
      await this.#options.check.passed().catch(() => undefined);
      return run(command);
    }
    // In this order: once the others have heard of it, nobody calls it orphaned.
    await this.#options.announced();
    const isRunning = await this.#isStillRunning(command.id);
    if (isRunning === undefined) return 'interrupted';
    if (isRunning) return run(command);
    const { journal, log } = this.#options;
    const message = 'The command was ended at the hub while its worker was away';
    log.warn('command of an earlier run not run again', { id: command.id, reason: message });
    if (journal.entry(command.id)?.stage === 'on owed') {
      log.error('system stays off', { id: command.id, fqdn: command.fqdn, reason: message });
      this.#options.onStaysOff(command);
    }
    journal.ended(command, { status: 'aborted', message }, steadyNow(), { beginsRest: false });
    return 'ended';
  }

  async #isStillRunning(id: number): Promise<boolean | undefined> {
    const { hub, signal, log } = this.#options;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        return (await hub.runningIds(signal)).includes(id);
      } catch (error) {
        log.debug('cannot tell whether a command still runs', { id, reason: describeError(error) });
      }
      await wait(backoffMs(attempt, BACKOFF), signal);
    }
    return undefined;
  }
}
