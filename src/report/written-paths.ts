import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'libsql';
import * as z from 'zod';
import { openJournalDatabase } from './journal-database.ts';

/**
 * The paths below TFTP_ROOT that were written for each system and not taken away since, in the journal's database: what is to be cleared
 * when the name service no longer knows the system. A path belongs to the system that wrote it last.
 */
export class WrittenPaths {
  readonly #write: <T>(change: () => T) => T;
  readonly #statements: ReturnType<typeof prepare>;

  /** `write` is given each change, and makes it. */
  constructor(db: Database.Database, write: <T>(change: () => T) => T) {
    db.exec(SCHEMA);
    this.#write = write;
    this.#statements = prepare(db);
  }

  /** What was written for the system. */
  of(fqdn: string): readonly string[] {
    return this.#statements.select.all(fqdn.toLowerCase()).map((row) => rowSchema.parse(row).path);
  }

  /** These paths are about to be written for the system. Those that are another's stay that until they are. */
  add(fqdn: string, paths: readonly string[]): void {
    this.#write(() => this.#statements.insert.run(fqdn.toLowerCase(), JSON.stringify(paths)));
  }

  /** Of what was written for the system only these paths are there still. */
  keepOnly(fqdn: string, paths: readonly string[]): void {
    const [system, json] = [fqdn.toLowerCase(), JSON.stringify(paths)];
    this.#write(() => {
      this.#statements.takeOver.run(system, json);
      this.#statements.removeOthers.run(system, json);
    });
  }
}

/** Those of the worker whose journal is in `stateDir`, which may run meanwhile; undefined when there is no journal. */
export function openWrittenPaths(
  stateDir: string,
): { readonly paths: WrittenPaths; readonly close: () => void } | undefined {
  const path = join(stateDir, 'journal.db');
  if (!existsSync(path)) return undefined;
  const db = openJournalDatabase(path);
  return { paths: new WrittenPaths(db, (change) => change()), close: () => void db.close() };
}

function prepare(db: Database.Database) {
  return {
    select: db.prepare('SELECT path FROM written_path WHERE fqdn = ? ORDER BY path'),
    insert: db.prepare('INSERT OR IGNORE INTO written_path (path, fqdn) SELECT value, ? FROM json_each(?)'),
    takeOver: db.prepare(
      'INSERT OR REPLACE INTO written_path (path, fqdn) SELECT value, ? FROM json_each(?)',
    ),
    removeOthers: db.prepare(
      'DELETE FROM written_path WHERE fqdn = ? AND path NOT IN (SELECT value FROM json_each(?))',
    ),
  };
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS written_path (path TEXT PRIMARY KEY, fqdn TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS written_path_by_system ON written_path (fqdn);
`;

const rowSchema = z.object({ path: z.string() });
