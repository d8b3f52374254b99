import { randomUUID } from 'node:crypto';
import { existsSync, renameSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import * as z from 'zod';
import { ConfigError, describeError, errorCode } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { makeDirectories } from '../make-directories.ts';
import { makePrivateFile } from '../regular-file.ts';
import { isForWantOfRoom, noRoom } from './want-of-room.ts';
import { forgetFormerBoots } from './former-boots.ts';

/** For how long another process may be writing. */
export const BUSY_MS = 5_000;

/** The version of the tables, as `PRAGMA user_version` has it. Journals of before there were versions have 0, and the same tables but for those that are new. */
const VERSION = 1;

/**
 * Opens, or creates, the journal at `path`, readable for its owner only. One that is damaged is set aside beside it, and a new one begun.
 * @throws ConfigError when a newer version of this program has written it; NoRoomError when it cannot be opened for now
 */
export function openJournal(path: string, log?: Pick<Logger, 'error'>): Database.Database {
  try {
    return openJournalDatabase(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    if (isForWantOfRoom(error)) {
      throw noRoom(
        `STATE_DIR: cannot open ${path}: ${describeError(error)}; make room, and see that it can be written`,
        error,
      );
    }
    const aside = setFileAside(path);
    log?.error('journal is unreadable and was set aside, a new one is begun', {
      path: aside,
      reason: describeError(error),
      consequence:
        'what was under way is aborted as orphaned, and each system rests once for its whole period',
    });
    return openJournalDatabase(path);
  }
}

/**
 * Opens the journal at `path`, or creates it.
 * @throws ConfigError when it is of a newer version; an error of SQLite when it is damaged or cannot be opened
 */
export function openJournalDatabase(path: string): Database.Database {
  // SQLite gives its side files the mode of the database, which holds power passwords.
  makePrivateFile(path);
  const db = new Database(path);
  try {
    // `clear-netboot` writes to the journal of a worker that runs.
    db.pragma(`busy_timeout = ${BUSY_MS}`);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    // A finished command's password must not linger in free pages.
    db.pragma('secure_delete = ON');
    const { quick_check: found } = checkSchema.parse(db.prepare('PRAGMA quick_check(1)').get());
    if (found !== 'ok') throw new Error(found);
    upgrade(db, path);
    forgetFormerBoots(db);
    if (db.prepare('SELECT uuid FROM identity').get() === undefined) {
      db.prepare('INSERT INTO identity (one, uuid) VALUES (1, ?)').run(randomUUID());
    }
    // Fails when a table is missing or is not ours.
    prepareStatements(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

const checkSchema = z.object({ quick_check: z.string() });
const versionSchema = z.object({ user_version: z.number() });

function upgrade(db: Database.Database, path: string): void {
  const { user_version: found } = versionSchema.parse(db.prepare('PRAGMA user_version').get());
  if (found > VERSION) {
    throw new ConfigError([
      `STATE_DIR: ${path} has version ${found}, expected ${VERSION} or less: a newer beaker-provision has written it; ` +
        `start that version again, or let it finish its commands, stop it, and move the file away`,
    ]);
  }
  // Nothing is written when there is nothing to change: a full disk is no reason not to start.
  if (found < VERSION) db.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${VERSION}; COMMIT`);
}

/** Renames a damaged database, with its side files, for an admin to look at; gives its new path. */
function setFileAside(path: string): string {
  const aside = `${path}.unreadable-${new Date().toISOString().replaceAll(':', '')}`;
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  return aside;
}

/** Everything that is ever asked of the database but for written paths, prepared once. */
export function prepareStatements(db: Database.Database) {
  return {
    save: db.prepare(SAVE),
    remove: db.prepare('DELETE FROM command WHERE id = ?'),
    selectAll: db.prepare('SELECT * FROM command ORDER BY id'),
    setPowerEnd: db.prepare('INSERT OR REPLACE INTO power_end (fqdn, ended_at) VALUES (?, ?)'),
    selectPowerEnds: db.prepare('SELECT fqdn, ended_at FROM power_end'),
    addColleague: db.prepare('INSERT INTO colleague (worker) VALUES (?) ON CONFLICT DO NOTHING'),
    removeColleague: db.prepare('DELETE FROM colleague WHERE worker = ?'),
    selectColleagues: db.prepare('SELECT worker FROM colleague'),
    setAside: db.prepare(
      'INSERT INTO set_aside (command_id, at, reason, entry, to_abort) VALUES (?, ?, ?, ?, ?)',
    ),
    selectToAbort: db.prepare('SELECT DISTINCT command_id, reason FROM set_aside WHERE to_abort = 1'),
    aborted: db.prepare('UPDATE set_aside SET to_abort = 0 WHERE command_id = ?'),
    trimSetAside: db.prepare(
      `DELETE FROM set_aside WHERE to_abort = 0 AND rowid NOT IN (SELECT rowid FROM set_aside ORDER BY rowid DESC LIMIT 100)`,
    ),
    setInstallation: db.prepare('INSERT OR REPLACE INTO hub (one, installation) VALUES (1, ?)'),
    selectInstallation: db.prepare('SELECT installation FROM hub'),
    takeRoom: db.prepare('INSERT OR REPLACE INTO room (one, filler) VALUES (1, zeroblob(32768))'),
    giveRoom: db.prepare('DELETE FROM room'),
    selectIdentity: db.prepare('SELECT uuid FROM identity'),
    selectPaths: db.prepare('SELECT path FROM written_path WHERE fqdn = ? ORDER BY path'),
  };
}

/**
 * Locks `stateDir` for this process. SQLite's own lock, held by an open transaction on a file of its own, ends with the process
 * however that ends.
 * @throws ConfigError when another process has it, or it cannot be written; NoRoomError when there is no room in it
 */
export function lockDirectory(stateDir: string): Database.Database {
  let lock: Database.Database | undefined;
  try {
    makeDirectories(stateDir, 0o700);
    const path = join(stateDir, 'worker.lock');
    // There is nothing in it. Whatever is there after a crash of the machine would only be in the way.
    if (existsSync(path) && statSync(path).size > 0) truncateSync(path);
    lock = new Database(path, { timeout: 0 });
    // Else it takes room on the disk to lock it. By `exec`: a statement that was prepared keeps the lock until it is collected.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    if (errorCode(error)?.startsWith('SQLITE_BUSY') === true) {
      throw new ConfigError([
        `STATE_DIR: ${stateDir} is in use by another worker; expected a directory of its own for each worker`,
      ]);
    }
    const problem = `STATE_DIR: cannot write in ${stateDir}: ${describeError(error)}`;
    // A start is tried again after exit code 1, and not after 2: there may be room then.
    if (isForWantOfRoom(error)) {
      throw noRoom(`${problem}; make room there, or let this user write there`, error);
    }
    throw new ConfigError([problem]);
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
  CREATE TABLE IF NOT EXISTS written_path (path TEXT PRIMARY KEY, fqdn TEXT NOT NULL) STRICT;
  CREATE INDEX IF NOT EXISTS written_path_by_system ON written_path (fqdn);
  CREATE TABLE IF NOT EXISTS set_aside (
    command_id INTEGER NOT NULL,
    at REAL NOT NULL,
    reason TEXT NOT NULL,
    entry TEXT NOT NULL,
    to_abort INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS hub (one INTEGER PRIMARY KEY, installation TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS life (one INTEGER PRIMARY KEY, began_at INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS room (one INTEGER PRIMARY KEY, filler BLOB NOT NULL) STRICT;
`;

const SAVE = `
  INSERT INTO command (id, command, stage, received_at, started_at, ended_at, outcome, process_group, replies)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    command = excluded.command, stage = excluded.stage, received_at = excluded.received_at,
    started_at = excluded.started_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
    process_group = excluded.process_group, replies = excluded.replies`;
