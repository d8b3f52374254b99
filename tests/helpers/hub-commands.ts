import type { HistoryEvent, HubStatus } from './history-checker.ts';

/** A command as `get_queued_command_details` lists it; tests may list nonsense as well. */
export interface ListedCommand {
  readonly id: number;
  readonly [member: string]: unknown;
}

interface Step {
  readonly from: HubStatus;
  readonly to: HubStatus;
  readonly message?: string;
  readonly systemBroken?: boolean;
}

/** The commands of a hub and what became of them. Each step compares and sets. */
export class HubCommands {
  readonly history: HistoryEvent[] = [];
  readonly #listed = new Map<number, ListedCommand>();
  readonly #status = new Map<number, HubStatus>();

  add(command: ListedCommand): void {
    this.#listed.set(command.id, command);
    this.#enter({ id: command.id, status: 'Queued' });
  }

  /** Changes the status of a command; throws what a Beaker server says when it is not where it should be. */
  step(id: number, { from, to, ...more }: Step): true {
    const status = this.#status.get(id);
    if (status === undefined) throw new Error(`<class 'NoResultFound'>:No row was found for command ${id}`);
    if (status !== from) {
      throw new Error(
        `<class 'BX'>:${from === 'Queued' ? `Command ${id} already run` : `Command ${id} not running`}`,
      );
    }
    this.#enter({ id, status: to, ...more });
    return true;
  }

  queued(): readonly ListedCommand[] {
    return this.ids('Queued')
      .map((id) => this.#listed.get(id))
      .filter((command) => command !== undefined);
  }

  ids(status: HubStatus): readonly number[] {
    return [...this.#status]
      .filter(([, is]) => is === status)
      .map(([id]) => id)
      .sort((a, b) => a - b);
  }

  #enter(event: Omit<HistoryEvent, 'atMs'>): void {
    this.#status.set(event.id, event.status);
    this.history.push({ ...event, atMs: Date.now() });
  }
}
