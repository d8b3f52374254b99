import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { ConfigError, describeError, errorCode } from '../errors.ts';
import { forgetFormerBoots } from './former-boots.ts';

/** For how long another process may be writing. */
const BUSY_MS = 5_000;

/** Opens, or creates, the database at `path`, readable for its owner only. */
export function openJournalDatabase(path: string): Database.Database {
  // SQLite gives its side files the mode of the database, which holds power passwords.
  closeSync(openSync(path, 'a', 0o600));
  const db = new Database(path);
  // `clear-netboot` writes to the journal of a worker that runs.
  db.pragma(`busy_timeout = ${BUSY_MS}`);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  // A finished command's password must not linger in free pages.
  db.pragma('secure_delete = ON');
  db.exec(SCHEMA);
  forgetFormerBoots(db);
  return db;
}

/** Everything that is ever asked of the database, prepared once. */
export function prepareStatements(db: Database.Database) {
  return {
    insert: db.prepare(
      `INSERT INTO command (id, command, stage, received_at, replies) VALUES (?, ?, 'claiming', ?, ?) ON CONFLICT DO NOTHING`,
    ),
    setStage: db.prepare('UPDATE command SET stage = ? WHERE id = ?'),
    start: db.prepare(`UPDATE command SET stage = 'started', started_at = ? WHERE id = ?`),
    setGroup: db.prepare('UPDATE command SET process_group = ? WHERE id = ?'),
    end: db.prepare(
      `UPDATE command SET stage = 'ended', command = ?, outcome = ?, ended_at = ?, process_group = NULL WHERE id = ?`,
    ),
    setReplies: db.prepare('UPDATE command SET replies = ? WHERE id = ?'),
    setPowerEnd: db.prepare('INSERT OR REPLACE INTO power_end (fqdn, ended_at) VALUES (?, ?)'),
    addColleague: db.prepare('INSERT INTO colleague (worker) VALUES (?) ON CONFLICT DO NOTHING'),
    removeColleague: db.prepare('DELETE FROM colleague WHERE worker = ?'),
    selectColleagues: db.prepare('SELECT worker FROM colleague'),
    remove: db.prepare('DELETE FROM command WHERE id = ?'),
    select: db.prepare('SELECT * FROM command WHERE id = ?'),
    selectAll: db.prepare('SELECT * FROM command ORDER BY id'),
    selectPowerEnd: db.prepare('SELECT ended_at FROM power_end WHERE fqdn = ?'),
  };
}

/**
 * Locks `stateDir` for this process. SQLite's own lock, held by an open transaction on a file of its own, ends with the process
 * however that ends.
 * @throws ConfigError when another process has it, or it cannot be written.
 */
export function lockDirectory(stateDir: string): Database.Database {
  let lock: Database.Database | undefined;
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    lock = new Database(join(stateDir, 'worker.lock'), { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (errorCode(error)?.startsWith('SQLITE_BUSY') === true) {
      throw new ConfigError([
        `STATE_DIR: ${stateDir} is in use by another worker; expected a directory of its own for each worker`,
      ]);
    }
    throw new ConfigError([`STATE_DIR: cannot write in ${stateDir}: ${describeError(error)}`]);
  }
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS command (
    id INTEGER PRIMARY KEY,
    command TEXT NOT NULL,
    stage TEXT NOT NULL,
    received_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    outcome TEXT,
    process_group TEXT,
    replies TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS colleague (worker TEXT PRIMARY KEY) STRICT;
  CREATE TABLE IF NOT EXISTS identity (one INTEGER PRIMARY KEY, uuid TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS power_end (fqdn TEXT PRIMARY KEY, ended_at REAL NOT NULL) STRICT;
`;
