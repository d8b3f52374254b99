import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Command } from '../command.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import type { CommandQueue } from '../queue/command-queue.ts';
import type { ElsewhereCommand } from '../queue/elsewhere.ts';
import type { Journal } from '../report/journal.ts';
import type { Roster } from '../roster/roster.ts';

export interface PolledCommandsOptions {
  readonly hub: Pick<HubClient, 'runningIds'>;
  readonly queue: Pick<CommandQueue, 'add' | 'phaseOf' | 'runsElsewhere'>;
  readonly journal: Pick<Journal, 'entry'>;
  readonly roster: Pick<Roster, 'named'>;
  /** Whether this worker is just failing the command, since it makes no sense. */
  readonly isRefused: (id: number) => boolean;
  /** Whether this worker takes what is queued; is told the ids of each look. */
  readonly takes: (queued: ReadonlySet<number>) => boolean;
  readonly log: Logger;
}

/** Commands put into the queue before the event loop gets its turn. */
const SLICE = 200;

/**
 * Takes polled commands in a lab where others may run some: after the list of queued commands the hub is asked what runs, and the
 * lanes of that are closed first. While it cannot be told which lanes those are, nothing of the list is taken.
 */
export class PolledCommands {
  readonly #options: PolledCommandsOptions;
  /** What was listed and is not known to be over. */
  readonly #listed = new Map<number, Command>();
  #unnamed: readonly number[] = [];

  constructor(options: PolledCommandsOptions) {
    this.#options = options;
  }

  async take(commands: readonly Command[], signal?: AbortSignal): Promise<void> {
    const { hub, queue, takes } = this.#options;
    const running = await hub.runningIds(signal);
    const queued = new Set(commands.map(({ id }) => id));
    for (const command of commands) this.#listed.set(command.id, command);
    const unnamed = running.filter((id) => !this.#close(id));
    const unfinished = new Set([...queued, ...running]);
    for (const id of this.#listed.keys()) if (!unfinished.has(id)) this.#listed.delete(id);
    this.#note(unnamed);
    if (!takes(queued) || unnamed.length > 0) return;
    await inSlices(commands, (command) => queue.add(command));
  }

  /** Closes the lanes of a running command that is not ours; tells whether they are known. */
  #close(id: number): boolean {
    const { queue, journal, roster, isRefused } = this.#options;
    if (journal.entry(id) !== undefined || isRefused(id)) return true;
    const command = this.#listed.get(id) ?? announcedAs(roster, id);
    if (command !== undefined) queue.runsElsewhere(command);
    return command !== undefined || queue.phaseOf(id) !== undefined;
  }

  #note(unnamed: readonly number[]): void {
    const isNew = unnamed.some((id) => !this.#unnamed.includes(id));
    this.#unnamed = unnamed;
    if (isNew) {
      this.#options.log.warn('nobody names running commands, nothing that is listed is taken', {
        ids: unnamed,
      });
    }
  }
}

/** Does something for each command, and lets the event loop have its turn now and then. */
export async function inSlices(
  commands: readonly Command[],
  take: (command: Command) => void,
): Promise<void> {
  for (const [index, command] of commands.entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn();
    take(command);
  }
}

function announcedAs(roster: Pick<Roster, 'named'>, id: number): ElsewhereCommand | undefined {
  const found = roster.named(id);
  return found && { id, fqdn: found.fqdn, action: found.action, power: { address: found.address } };
}
