import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type Database from 'libsql';
import * as z from 'zod';
import { ConfigError, describeError } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import type { Logger } from '../logger.ts';
import { openJournalDatabase } from './journal-database.ts';

/**
 * The paths below TFTP_ROOT that were written for each system and not taken away since, in the journal's database: what is to be cleared
 * when the name service no longer knows the system. A path belongs to the system that wrote it last.
 */
export class WrittenPaths {
  readonly #write: Write;
  readonly #statements: ReturnType<typeof prepare>;
  /** Changes that may not be in the database yet, by system. */
  readonly #pending = new Map<string, readonly PathsChange[]>();

  /** `write` is given each change, and makes it: now, or later and then only the last of its key. */
  constructor(db: Database.Database, write: Write) {
    this.#write = write;
    this.#statements = prepare(db);
  }

  /** What was written for the system. */
  of(fqdn: string): readonly string[] {
    const system = fqdn.toLowerCase();
    const written = this.#statements.select.all(system).map((row) => rowSchema.parse(row).path);
    const pending = this.#pending.get(system) ?? [];
    return pending.reduce<readonly string[]>(
      (known, { kind, paths }) => (kind === 'add' ? [...new Set([...known, ...paths])] : paths),
      written,
    );
  }

  /** These paths are about to be written for the system. Those that are another's stay that until they are. */
  add(fqdn: string, paths: readonly string[]): void {
    this.#change(fqdn, { kind: 'add', paths });
  }

  /** Of what was written for the system only these paths are there still. */
  keepOnly(fqdn: string, paths: readonly string[]): void {
    this.#change(fqdn, { kind: 'keep only', paths });
  }

  #change(fqdn: string, change: PathsChange): void {
    const system = fqdn.toLowerCase();
    // Nothing of before is left after `keep only`, but what another has taken over since is another's.
    const before = change.kind === 'add' ? (this.#pending.get(system) ?? []) : [];
    this.#pending.set(system, [...before, change]);
    this.#write(`written paths ${system}`, () => {
      for (const { kind, paths } of this.#pending.get(system) ?? []) this.#apply(system, kind, paths);
      this.#pending.delete(system);
    });
  }

  #apply(system: string, kind: PathsChange['kind'], paths: readonly string[]): void {
    const json = JSON.stringify(paths);
    if (kind === 'add') this.#statements.insert.run(system, json);
    else {
      this.#statements.takeOver.run(system, json);
      this.#statements.removeOthers.run(system, json);
    }
  }
}

type Write = (key: string, change: () => void) => void;

interface PathsChange {
  readonly kind: 'add' | 'keep only';
  readonly paths: readonly string[];
}

/** Those of the worker whose journal is in `stateDir`, which may run meanwhile; undefined when there is no journal that can be used.
 * @throws ConfigError when a newer version has written it */
export function openWrittenPaths(
  stateDir: string,
  log: Pick<Logger, 'warn'>,
): { readonly paths: WrittenPaths; readonly close: () => void } | undefined {
  const path = join(stateDir, 'journal.db');
  if (!existsSync(path)) return undefined;
  const isSpared = (error: unknown): boolean => {
    if (error instanceof ConfigError) return false;
    log.warn('journal cannot be used, what it remembers of the TFTP tree is left as it is', {
      path,
      reason: describeError(error),
    });
    return true;
  };
  try {
    const db = openJournalDatabase(path);
    const write: Write = (_key, change) => {
      try {
        inTransaction(db, change);
      } catch (error) {
        // What is cleared is cleared; that it stays noted does no harm.
        if (!isSpared(error)) throw error;
      }
    };
    return { paths: new WrittenPaths(db, write), close: () => void db.close() };
  } catch (error) {
    if (!isSpared(error)) throw error;
    return undefined;
  }
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

const rowSchema = z.object({ path: z.string() });
