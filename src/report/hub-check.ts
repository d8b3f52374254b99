import { type Command, decodeCommand } from '../command.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { FAULTS_UNTIL_FINAL } from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import { type CommandIdentity, isSameCommand } from '../same-command.ts';
import type { Journal } from './journal.ts';

export interface HubCheckOptions {
  readonly hub: Pick<HubClient, 'queuedCommands' | 'installation'>;
  readonly journal: Pick<Journal, 'entry' | 'entries' | 'setAside' | 'installation' | 'keepInstallation'>;
  readonly log: Pick<Logger, 'error'>;
}

/**
 * Sees to it that what the journal remembers is told to no other hub than the one that gave it to us, and that nothing is claimed for what
 * another hub had under an id. A hub that was set up anew, or from an old backup, gives the same ids again; so after a start, and after the
 * hub has been away, it is looked at first. It is another when it names another installation; a single command is another when it is listed as
 * queued though this worker was given it before.
 */
export class HubCheck {
  readonly #options: HubCheckOptions;
  #passing: Promise<void> | undefined;
  /** Whether journal and queue may hold what was there before the start, or before the hub was away. */
  #mayBeOld: boolean;
  /** Commands of ours that the last list had as queued. */
  #suspects: ReadonlySet<number> = new Set();
  /** How often in a row the hub has not answered when it was asked for its name. */
  #unanswered = 0;
  /** What the hub listed when it was back, until it is polled. */
  #listedSince: ReadonlyMap<number, CommandIdentity> = new Map();

  constructor(options: HubCheckOptions) {
    this.#options = options;
    this.#mayBeOld = options.journal.entries().length > 0;
  }

  /** Resolves once the hub was looked at since it was last away, and what is another's is set aside. Rejects as the hub's calls do. */
  passed(): Promise<void> {
    this.#passing ??= this.#look().catch((error: unknown) => {
      this.lapse();
      throw error;
    });
    return this.#passing;
  }

  /** The hub is away, or was: it may be another when it is back. */
  lapse(): void {
    this.#passing = undefined;
    this.#mayBeOld = true;
  }

  /** Whether the hub, since it is back, has another command under the id of this one, which is to be claimed. */
  isAnother(command: CommandIdentity & { readonly id: number }): boolean {
    const listed = this.#listedSince.get(command.id);
    return listed !== undefined && !isSameCommand(listed, command);
  }

  /**
   * The hub lists these as queued. A list may be older than a claim, so that a command that was given to us is another only when two lists in
   * a row have it, of which the second was asked for after the first had come.
   */
  listed(commands: readonly ListedCommand[]): void {
    const ours = new Set<number>();
    for (const command of commands) {
      if (this.#isAnothers(command)) this.#setAside(command.id, ANOTHER);
      else if (this.#isGivenToUs(command.id)) ours.add(command.id);
    }
    this.#listedSince = new Map();
    for (const id of ours) if (this.#suspects.has(id)) this.#setAside(id, QUEUED_AGAIN);
    this.#suspects = ours;
  }

  async #look(): Promise<void> {
    const { hub, journal } = this.#options;
    const given = journal.entries().filter(({ command }) => this.#isGivenToUs(command.id));
    const known = journal.installation;
    const installation = await hub.installation().catch((error: unknown) => {
      this.#unanswered += 1;
      // It has told before, and may again. Else, whatever a hub does when it is asked for what it does not know: the list shows whether it is there.
      if (known !== undefined && this.#unanswered < FAULTS_UNTIL_FINAL) throw error;
      return undefined;
    });
    if (installation !== undefined) this.#unanswered = 0;
    if (installation !== undefined && known !== undefined && installation !== known) {
      for (const { command } of journal.entries()) {
        this.#setAside(command.id, `the hub is another installation (${installation}, expected ${known})`);
      }
    }
    if (installation !== undefined && installation !== known) journal.keepInstallation(installation);
    if (!this.#mayBeOld) return;
    const listed = listedCommands(await hub.queuedCommands());
    this.#listedSince = new Map(listed.map((command) => [command.id, command]));
    for (const command of listed) if (this.#isAnothers(command)) this.#setAside(command.id, ANOTHER);
    const queued = new Set(listed.map(({ id }) => id));
    for (const { command } of given) if (queued.has(command.id)) this.#setAside(command.id, QUEUED_AGAIN);
  }

  /** Whether the journal has another command under the id of this one. */
  #isAnothers(command: ListedCommand): boolean {
    const known = this.#options.journal.entry(command.id)?.command;
    return known !== undefined && !isSameCommand(known, command);
  }

  #isGivenToUs(id: number): boolean {
    const stage = this.#options.journal.entry(id)?.stage;
    return stage !== undefined && stage !== 'claiming' && stage !== 'told';
  }

  #setAside(id: number, reason: string): void {
    const { journal, log } = this.#options;
    const entry = journal.entry(id);
    if (entry === undefined) return;
    const { fqdn, action } = entry.command;
    log.error('journal entry set aside, the hub gives its id to another command', {
      ...{ id, fqdn, action, stage: entry.stage, outcome: entry.outcome?.status },
      reason,
    });
    journal.setAside(id, reason);
  }
}

const QUEUED_AGAIN = 'the hub lists the command as queued, which this worker was given before';

const ANOTHER = 'the hub lists another command under its id';

/** What a command is known by besides its id. */
type ListedCommand = Pick<Command, 'id' | 'fqdn' | 'action'>;

/** Those that cannot be read are never ours. */
function listedCommands(listed: readonly unknown[]): readonly ListedCommand[] {
  return listed.flatMap((value) => {
    try {
      const { id, fqdn, action } = decodeCommand(value);
      return { id, fqdn, action };
    } catch {
      return [];
    }
  });
}
