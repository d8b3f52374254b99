import { type Command, decodeCommand } from '../command.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import type { Journal } from './journal.ts';

export interface HubCheckOptions {
  readonly hub: Pick<HubClient, 'queuedCommands' | 'installation'>;
  readonly journal: Pick<Journal, 'entry' | 'entries' | 'setAside' | 'installation' | 'keepInstallation'>;
  readonly log: Pick<Logger, 'error'>;
}

/**
 * Sees to it that what the journal remembers is told to no other hub than the one that gave it to us. A hub that was set up anew, or from
 * an old backup, gives the same ids again; so after a start, and after the hub has been away, it is looked at first. It is another when it
 * names another installation; a single command is another when it is listed as queued though this worker was given it before.
 */
export class HubCheck {
  readonly #options: HubCheckOptions;
  #passing: Promise<void> | undefined;
  /** Whether the journal may hold what was there before the start, or before the hub was away. */
  #mayBeOld: boolean;
  /** Commands of ours that the last list had as queued. */
  #suspects: ReadonlySet<number> = new Set();

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

  /**
   * The hub lists these as queued. A list may be older than a claim, so that a command that was given to us is another only when two lists in
   * a row have it, of which the second was asked for after the first had come.
   */
  listed(commands: readonly ListedCommand[]): void {
    const ours = new Set<number>();
    for (const command of commands) {
      if (this.#isAnother(command)) this.#setAside(command.id, ANOTHER);
      else if (this.#isGivenToUs(command.id)) ours.add(command.id);
    }
    for (const id of ours) if (this.#suspects.has(id)) this.#setAside(id, QUEUED_AGAIN);
    this.#suspects = ours;
  }

  async #look(): Promise<void> {
    const { hub, journal } = this.#options;
    const given = journal.entries().filter(({ command }) => this.#isGivenToUs(command.id));
    const known = journal.installation;
    // Whatever a hub does when it is asked for what it does not know: the list shows whether it is there.
    const installation = await hub.installation().catch(() => undefined);
    if (installation !== undefined && known !== undefined && installation !== known) {
      for (const { command } of journal.entries()) {
        this.#setAside(command.id, `the hub is another installation (${installation}, expected ${known})`);
      }
    }
    if (installation !== undefined && installation !== known) journal.keepInstallation(installation);
    if (!this.#mayBeOld || journal.entries().length === 0) return;
    const listed = listedCommands(await hub.queuedCommands());
    for (const command of listed) if (this.#isAnother(command)) this.#setAside(command.id, ANOTHER);
    const queued = new Set(listed.map(({ id }) => id));
    for (const { command } of given) if (queued.has(command.id)) this.#setAside(command.id, QUEUED_AGAIN);
  }

  #isAnother({ id, fqdn, action }: ListedCommand): boolean {
    const known = this.#options.journal.entry(id)?.command;
    return (
      known !== undefined && (known.action !== action || known.fqdn.toLowerCase() !== fqdn.toLowerCase())
    );
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
      return decodeCommand(value);
    } catch {
      return [];
    }
  });
}
