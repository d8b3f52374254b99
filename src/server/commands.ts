import type { Action, Outcome } from '../command.ts';
import { InvalidCommandError } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { type CommandRecord, type CommandRow, type Status, toRecord } from './command-record.ts';
import type { CommandQueries } from './command-queries.ts';
import type { Sqlite } from './database.ts';
import type { Delays } from './delays.ts';
import { BadRequestError, ConflictError, NotFoundError } from './errors.ts';
import { columnsOf, type NewCommand } from './new-command.ts';
import { Query } from './query.ts';
import type { System } from './system.ts';
import type { Systems } from './systems.ts';

/** Is told of each change, in order, once it is safely stored. */
export type ChangeListener = (record: CommandRecord) => void;

interface CommandsOptions {
  readonly database: Sqlite;
  readonly systems: Pick<Systems, 'find' | 'get'>;
  readonly queries: Pick<CommandQueries, 'get' | 'runningIds'>;
  /** The time in milliseconds since 1970. */
  readonly now: () => number;
  readonly delays: Delays;
}

/**
 * What happens to commands. Queued → Running → Completed, Failed or Aborted; Queued → Aborted when cancelled. Each step
 * compares and sets in one statement, so that of many who try to take it exactly one succeeds.
 */
export class Commands {
  readonly #options: CommandsOptions;
  readonly #insertion: Query<CommandRow>;
  readonly #transition: Query<CommandRow>;
  readonly #listeners = new Set<ChangeListener>();

  constructor(options: CommandsOptions) {
    this.#options = options;
    this.#insertion = new Query(options.database, INSERT);
    this.#transition = new Query(options.database, UPDATE);
  }

  /** Calls `listener` from now on; the function that comes back ends it. */
  subscribe(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Queues all of the commands in their order, or none of them.
   * @throws BadRequestError or NotFoundError naming the first command that cannot be queued, by its index.
   */
  add(lab: string, asked: readonly NewCommand[]): readonly CommandRecord[] {
    return this.#commit(() => {
      const find = remembering((fqdn) => this.#options.systems.find(lab, fqdn));
      return asked.map((one, index) => {
        const what = `commands[${index}]`;
        const system = find(one.fqdn);
        if (system === undefined) throw new NotFoundError(`${what}: lab ${lab} has no system ${one.fqdn}`);
        return this.#insert(one, system, what, 'Queued');
      });
    });
  }

  /** Records an action that the lab did by itself. */
  addCompleted(lab: string, fqdn: string, action: Action): CommandRecord {
    const what = `add_completed_command(${fqdn}, ${action})`;
    const [record] = this.#commit(() => [
      this.#insert({ fqdn, action }, this.#options.systems.get(lab, fqdn), what, 'Completed'),
    ]);
    return record;
  }

  /** The claim. @throws ConflictError `Command N already run` when it is not Queued (any more). */
  markRunning(lab: string, id: number): CommandRecord {
    return this.#step(lab, id, 'Queued', { to: 'Running' }, `Command ${id} already run`);
  }

  /** The end of a Running command. @throws ConflictError `Command N not running`. */
  markEnded(lab: string, id: number, outcome: Outcome): CommandRecord {
    return this.#step(lab, id, 'Running', endOf(outcome), `Command ${id} not running`);
  }

  /** Aborts a command that nobody has claimed. @throws ConflictError when it is too late for that. */
  cancel(lab: string, id: number): CommandRecord {
    const end = { to: 'Aborted', message: 'Cancelled before it ran' } as const;
    return this.#step(
      lab,
      id,
      'Queued',
      end,
      `Command ${id} already run: only a Queued command can be cancelled`,
    );
  }

  /** Aborts every Running command of the lab, whoever runs it. */
  abortRunning(lab: string, message: string): readonly CommandRecord[] {
    return this.#commit(() =>
      this.#options.queries
        .runningIds(lab)
        .map((id) => this.#update(lab, id, 'Running', { to: 'Aborted', message }))
        .filter((record) => record !== undefined),
    );
  }

  #step(lab: string, id: number, from: Status, change: Change, refusal: string): CommandRecord {
    const [record] = this.#commit(() => {
      const changed = this.#update(lab, id, from, change);
      if (changed !== undefined) return [changed];
      // Throws for a command that the lab does not have: that is no conflict.
      this.#options.queries.get(lab, id);
      throw new ConflictError(refusal);
    });
    return record;
  }

  #commit<T extends readonly CommandRecord[]>(change: () => T): T {
    const records = inTransaction(this.#options.database, change);
    for (const record of records) {
      for (const listener of this.#listeners) listener(record);
    }
    return records;
  }

  #insert(asked: NewCommand, system: System, what: string, status: Status): CommandRecord {
    const nowMs = this.#options.now();
    const endedAt = status === 'Completed' ? nowMs : null;
    const row = this.#insertion.first({
      ...columnsOf(asked, system, nowMs),
      status,
      endedAt,
    });
    if (row === undefined) throw new Error(`${what}: SQLite stored nothing`);
    try {
      return toRecord(row, this.#options.delays);
    } catch (error) {
      // Thrown inside the transaction: what no worker would accept is rolled back.
      if (error instanceof InvalidCommandError) throw new BadRequestError(`${what}: ${error.message}`);
      throw error;
    }
  }

  #update(lab: string, id: number, from: Status, change: Change): CommandRecord | undefined {
    const { to, message = null, systemBroken = false } = change;
    const nowMs = this.#options.now();
    const values = { id, lab, from, to, message, broken: systemBroken ? 1 : 0, now: nowMs };
    const row = this.#transition.first(values);
    return row && toRecord(row, this.#options.delays);
  }
}

/** Thousands of commands may name the same few systems. */
function remembering<T>(find: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const found = known.get(name) ?? find(name);
    known.set(name, found);
    return found;
  };
}

interface Change {
  readonly to: Status;
  readonly message?: string;
  readonly systemBroken?: boolean;
}

function endOf(outcome: Outcome): Change {
  switch (outcome.status) {
    case 'completed':
      return { to: 'Completed' };
    case 'failed':
      return { to: 'Failed', message: outcome.message, systemBroken: outcome.systemBroken };
    case 'aborted':
      return { to: 'Aborted', message: outcome.message };
  }
}

const NEXT_SEQ = '(SELECT COALESCE(MAX(seq), 0) + 1 FROM commands)';

const INSERT = `
  INSERT INTO commands
    (seq, lab, fqdn, action, status, delay_until, quiescent_period, queued_at, started_at, finished_at, power, netboot)
  VALUES (${NEXT_SEQ}, :lab, :fqdn, :action, :status, :delay_until, :quiescent_period, :queued_at, :endedAt, :endedAt,
    :power, :netboot)
  RETURNING *`;

const UPDATE = `
  UPDATE commands SET
    seq = ${NEXT_SEQ}, status = :to, message = :message, system_broken = :broken,
    started_at = CASE :to WHEN 'Running' THEN :now ELSE started_at END,
    finished_at = CASE :to WHEN 'Running' THEN NULL ELSE :now END
  WHERE id = :id AND lab = :lab AND status = :from
  RETURNING *`;
