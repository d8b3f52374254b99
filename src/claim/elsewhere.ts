import type { NamedCommand, WorkerAnnouncement } from '../broker/announcement.ts';
import type { Result } from '../broker/result-message.ts';
import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import type { CommandQueue } from '../queue/command-queue.ts';
import { beginsRest } from '../queue/earliest-start.ts';
import type { Answers } from '../report/answers.ts';
import type { Journal } from '../report/journal.ts';
import type { Roster } from '../roster/roster.ts';
import { steadyNow } from '../steady-clock.ts';
import { wait } from '../wait.ts';

export interface ElsewhereOptions {
  readonly hub: Pick<HubClient, 'runningIds'>;
  readonly queue: Pick<CommandQueue, 'runsElsewhere' | 'elsewhere' | 'endedElsewhere' | 'runningElsewhere'>;
  readonly roster: Roster;
  /** Tells what this worker has announced from what others have. */
  readonly answers: Pick<Answers, 'isOwn'>;
  readonly journal: Pick<Journal, 'powerEnded' | 'colleagueCame' | 'colleagueLeft'>;
  readonly log: Logger;
}

/**
 * Keeps lanes closed here for what other workers do: what they announce, and what this one has lost to them. They open with the
 * outcome; when nobody is heard who names the command, the hub is asked.
 */
export class Elsewhere {
  readonly #options: ElsewhereOptions;
  /** Workers that the journal knows. */
  readonly #known = new Set<string>();

  constructor(options: ElsewhereOptions) {
    this.#options = options;
  }

  /** Another worker, which the roster knows already, has announced itself. */
  announced({ worker, running, isLeaving }: WorkerAnnouncement): void {
    const { queue, journal } = this.#options;
    for (const { address, ...command } of running) queue.runsElsewhere({ ...command, power: { address } });
    if (!isLeaving) {
      if (!this.#known.has(worker)) journal.colleagueCame(worker);
      this.#known.add(worker);
      return;
    }
    this.#known.delete(worker);
    // What it keeps in its journal it will come back for.
    if (running.length === 0) journal.colleagueLeft(worker);
  }

  /** The hub has been told how a command ended. */
  result(result: Result): void {
    const { id, fqdn, action, status } = result;
    // What this worker did itself is in its journal, with the time when it ended.
    if (status === 'running' || this.#options.answers.isOwn(result)) return;
    const isKnown = this.#ended(id);
    if (!isKnown && beginsRest({ action })) this.#options.journal.powerEnded(fqdn, steadyNow());
  }

  /** Asks the hub, until `signal` is aborted, about those that nobody is heard to run. */
  async watch(intervalMs: number, signal: AbortSignal): Promise<void> {
    const { hub, log } = this.#options;
    while (await wait(intervalMs, signal)) {
      const unheard = this.unheard();
      if (unheard.length === 0) continue;
      try {
        const running = new Set(await hub.runningIds(signal));
        for (const { id } of unheard) if (!running.has(id)) this.#ended(id);
      } catch (error) {
        log.debug('cannot tell what runs elsewhere', { reason: describeError(error) });
      }
    }
  }

  /** What lanes are closed for though nobody is heard to run it. */
  unheard(): readonly NamedCommand[] {
    const { queue, roster } = this.#options;
    const fresh = new Set(
      roster
        .allRunningElsewhere()
        .filter(({ isFresh }) => isFresh)
        .map(({ command }) => command.id),
    );
    return queue
      .runningElsewhere()
      .filter(({ id }) => !fresh.has(id))
      .map(({ id, fqdn, action, power }) => ({ id, fqdn, action, address: power?.address ?? '' }));
  }

  #ended(id: number): boolean {
    const { queue, roster, journal } = this.#options;
    roster.ended(id);
    const command = queue.elsewhere(id);
    if (command === undefined) return false;
    // Before its lanes open: the next command of the system has to know that it must rest.
    if (beginsRest(command)) journal.powerEnded(command.fqdn, steadyNow());
    queue.endedElsewhere(id);
    return true;
  }
}
