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

/** What the hub does with the outcome of one command, for good. */
export type OutcomeFate = 'refused' | 'moved';

/** The commands of a hub and what became of them. Each step compares and sets. */
export class HubCommands {
  readonly history: HistoryEvent[] = [];
  readonly #listed = new Map<number, ListedCommand>();
  readonly #status = new Map<number, HubStatus>();
  readonly #fates = new Map<number, OutcomeFate>();
  /** Whether its database takes no outcome just now. */
  isInTrouble = false;

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

  /** Of this command all outcomes but *aborted* are refused; or it moves to another lab when the first is offered. */
  decide(id: number, fate: OutcomeFate): void {
    this.#fates.set(id, fate);
  }

  /** Ends a command that runs, unless that is refused. */
  end(
    id: number,
    to: 'Completed' | 'Failed' | 'Aborted',
    more: Pick<Step, 'message' | 'systemBroken'>,
  ): true {
    const fate = this.#fates.get(id);
    if (this.#status.get(id) === 'Gone') throw new Error(MOVED);
    if (this.#status.get(id) === 'Running') {
      if (fate === 'moved') {
        this.#enter({ id, status: 'Gone' });
        throw new Error(MOVED);
      }
      if (this.isInTrouble || (fate === 'refused' && to !== 'Aborted')) {
        this.#noteRefusal(id);
        throw new Error(REFUSED);
      }
    }
    return this.step(id, { from: 'Running', to, ...more });
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

  /** For all that the hub knows it goes on running. Noted a few times only: what goes on for ever is no news. */
  #noteRefusal(id: number): void {
    const before = this.history.filter((event) => event.id === id && event.status === 'Refused').length;
    if (before < NOTED_REFUSALS) this.history.push({ id, status: 'Refused', atMs: Date.now() });
  }

  #enter(event: Omit<HistoryEvent, 'atMs' | 'status'> & { readonly status: HubStatus }): void {
    this.#status.set(event.id, event.status);
    this.history.push({ ...event, atMs: Date.now() });
  }
}

const NOTED_REFUSALS = 20;
const MOVED = "<type 'exceptions.ValueError'>:lab.test cannot update command for a system in wrong lab";
const REFUSED = "<class 'sqlalchemy.exc.OperationalError'>:(1366, 'Incorrect string value')";
