import { type CommandRecord, type CommandRow, toRecord } from './command-record.ts';
import type { Sqlite } from './database.ts';
import type { Delays } from './delays.ts';
import { NotFoundError } from './errors.ts';
import { Query } from './query.ts';

/** Which commands of a lab to list: all conditions that are given must hold. */
export interface CommandFilter {
  readonly ids?: readonly number[] | undefined;
  /** Only ids above this. */
  readonly after?: number | undefined;
  /** Only commands whose last change has a higher number; the list is then in the order of changes. */
  readonly changedAfter?: number | undefined;
  readonly limit: number;
}

/** What there is to know about commands; changes nothing. */
export class CommandQueries {
  readonly #database: Sqlite;
  readonly #delays: Delays;
  readonly #one: Query<CommandRow>;
  readonly #running: Query<{ id: number }>;
  // Many statements that wait for the garbage collector make libsql slow, so that each text is prepared once.
  readonly #prepared = new Map<string, Query<CommandRow>>();

  constructor(database: Sqlite, delays: Delays) {
    this.#database = database;
    this.#delays = delays;
    this.#one = new Query(database, 'SELECT * FROM commands WHERE id = ? AND lab = ?');
    this.#running = new Query(
      database,
      `SELECT id FROM commands WHERE lab = ? AND status = 'Running' ORDER BY id`,
    );
  }

  /** @throws NotFoundError when the lab has no such command. */
  get(lab: string, id: number): CommandRecord {
    const row = this.#one.first(id, lab);
    if (row === undefined) throw new NotFoundError(`lab ${lab} has no command ${id}`);
    return toRecord(row, this.#delays);
  }

  /** The lab's queued commands by id. */
  queued(lab: string): readonly CommandRecord[] {
    return this.#records(`SELECT * FROM commands WHERE lab = ? AND status = 'Queued' ORDER BY id`, lab);
  }

  /** The ids of the lab's running commands. */
  runningIds(lab: string): readonly number[] {
    return this.#running.all(lab).map(({ id }) => id);
  }

  /** The lab's commands that match, by id, or by their last change when `changedAfter` is given. */
  find(lab: string, { ids, after = 0, changedAfter, limit }: CommandFilter): readonly CommandRecord[] {
    // The plus keeps the planner from the index on the status, which is of no use here.
    const conditions = ['+lab = :lab', 'id > :after'];
    if (ids !== undefined) conditions.push('id IN (SELECT value FROM json_each(:ids))');
    if (changedAfter !== undefined) conditions.push('seq > :changedAfter');
    const order = changedAfter === undefined ? 'id' : 'seq';
    const sql = `SELECT * FROM commands WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT :limit`;
    return this.#records(sql, {
      lab,
      after,
      limit,
      ...(ids && { ids: JSON.stringify(ids) }),
      ...(changedAfter !== undefined && { changedAfter }),
    });
  }

  /** All commands of all labs that are Queued or Running, by id: what a publisher starts from. */
  unfinished(): readonly CommandRecord[] {
    return this.#records('SELECT * FROM commands WHERE finished_at IS NULL ORDER BY id');
  }

  #records(sql: string, ...values: unknown[]): readonly CommandRecord[] {
    const query = this.#prepared.get(sql) ?? new Query<CommandRow>(this.#database, sql);
    this.#prepared.set(sql, query);
    return query.all(...values).map((row) => toRecord(row, this.#delays));
  }
}
