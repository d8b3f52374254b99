import type Database from 'libsql';

/** A prepared statement whose rows have a known shape: the tables are written by this server alone. */
export class Query<Row> {
  readonly #statement: Database.Statement;

  constructor(database: Pick<Database.Database, 'prepare'>, sql: string) {
    this.#statement = database.prepare(sql);
  }

  /** All rows. Named parameters are given as one object. */
  all(...values: unknown[]): Row[] {
    return this.#statement.all(...values) as Row[];
  }

  /** The first row, if there is one. */
  first(...values: unknown[]): Row | undefined {
    return this.#statement.get(...values) as Row | undefined;
  }
}
