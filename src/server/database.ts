import { randomUUID } from 'node:crypto';
import Database from 'libsql';
import { ConfigError } from '../errors.ts';
import { Query } from './query.ts';

/** How statements are prepared and transactions made: the part of the SQLite driver that the stores use. */
export type Sqlite = Database.Database;

/**
 * Opens the server's database and brings its tables into being. `:memory:` is for tests.
 * @throws Error naming the file when it cannot be opened, ConfigError when a newer version has written it.
 */
export function openDatabase(path: string): Sqlite {
  const database = connect(path);
  try {
    // Many readers look while one writer writes; FULL, since an accepted outcome must survive a power cut.
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    migrate(database, path);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const VERSION = 2;

/** What each version added, from the first. */
const STEPS: readonly string[] = [
  `
  CREATE TABLE systems (
    fqdn             TEXT PRIMARY KEY COLLATE NOCASE,
    lab              TEXT NOT NULL,
    quiescent_period REAL NOT NULL,
    power            TEXT NOT NULL
  );
  CREATE TABLE commands (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    seq              INTEGER NOT NULL,
    lab              TEXT NOT NULL,
    fqdn             TEXT NOT NULL COLLATE NOCASE,
    action           TEXT NOT NULL,
    status           TEXT NOT NULL,
    message          TEXT,
    system_broken    INTEGER NOT NULL DEFAULT 0,
    delay_until      INTEGER,
    quiescent_period REAL NOT NULL,
    queued_at        INTEGER NOT NULL,
    started_at       INTEGER,
    finished_at      INTEGER,
    power            TEXT,
    netboot          TEXT
  );
  CREATE UNIQUE INDEX commands_by_seq ON commands (seq);
  CREATE INDEX commands_by_status ON commands (lab, status, id);
  CREATE INDEX commands_unfinished ON commands (id) WHERE finished_at IS NULL;
`,
  'CREATE TABLE installation (one INTEGER PRIMARY KEY, name TEXT NOT NULL);',
];

function connect(path: string): Sqlite {
  try {
    return new Database(path);
  } catch (error) {
    throw new Error(`cannot open the server's database ${path}`, { cause: error });
  }
}

function migrate(database: Sqlite, path: string): void {
  const query = new Query<{ user_version: number }>(database, 'PRAGMA user_version');
  const found = query.first()?.user_version ?? 0;
  if (found > VERSION) {
    throw new ConfigError([
      `STATE_DIR: ${path} has version ${found}, expected at most ${VERSION}: it was written by a newer beaker-provision; ` +
        'start that version, or move the file away',
    ]);
  }
  if (found === VERSION) return;
  const steps = STEPS.slice(found).join('\n');
  database.exec(`BEGIN; ${steps} PRAGMA user_version = ${VERSION}; COMMIT`);
}

/** The name of the database, which no other has: by it workers notice that their commands are not of this hub any more. */
export function installationOf(database: Sqlite): string {
  const query = new Query<{ name: string }>(database, 'SELECT name FROM installation');
  const known = query.first();
  if (known !== undefined) return known.name;
  const name = randomUUID();
  new Query(database, 'INSERT INTO installation (one, name) VALUES (1, ?) RETURNING one').first(name);
  return name;
}
