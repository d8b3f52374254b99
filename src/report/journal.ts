import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { z } from 'zod';
import { type Command, decodeCommand, encodeCommand, isRepeatable, type Outcome } from '../command.ts';
import { ConfigError, describeError, errorCode } from '../errors.ts';

/**
 * Where a journaled command stands: *claiming*: the hub has been, or is about to be, asked for it; *claimed*: it is ours;
 * *started*: its action may have had effects; *ended*: its outcome is known and the hub has still to be told; *told*: the hub
 * knows, and only the answer that its publisher asked for is owed.
 */
export type Stage = 'claiming' | 'claimed' | 'started' | 'ended' | 'told';

/** What identifies a process group across a crash of ours; see `process/process-group.ts`. */
const groupSchema = z.object({ pgid: z.int(), bootId: z.string(), startTicks: z.number() });
export type JournaledGroup = z.infer<typeof groupSchema>;

const outcomeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('completed') }),
  z.object({ status: z.literal('failed'), message: z.string(), systemBroken: z.boolean() }),
  z.object({ status: z.literal('aborted'), message: z.string() }),
]);

const rowSchema = z.object({
  command: z.string().transform((json) => decodeCommand(JSON.parse(json))),
  stage: z.enum(['claiming', 'claimed', 'started', 'ended', 'told']),
  received_at: z.number(),
  started_at: z.number().nullable(),
  ended_at: z.number().nullable(),
  outcome: z
    .string()
    .transform((json) => outcomeSchema.parse(JSON.parse(json)))
    .nullable(),
  process_group: z
    .string()
    .transform((json) => groupSchema.parse(JSON.parse(json)))
    .nullable(),
  replies: z.string().transform((json) => z.array(replySchema).parse(JSON.parse(json))),
});

const replySchema = z.object({
  replyTo: z.string(),
  correlationId: z
    .string()
    .optional()
    .transform((id): string | undefined => id),
});

/** Where an answer about the command goes, besides to the hub. */
export interface JournaledReply {
  readonly replyTo: string;
  readonly correlationId: string | undefined;
}

/** One command that is not done with. Times are in milliseconds since the epoch. */
export interface JournalEntry {
  readonly command: Command;
  readonly stage: Stage;
  readonly receivedAt: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly outcome: Outcome | undefined;
  readonly processGroup: JournaledGroup | undefined;
  readonly replies: readonly JournaledReply[];
}

/**
 * What a worker must not forget: each command from before it asks the hub for it until the hub has accepted its outcome,
 * and when the power of each system was last switched.
 *
 * SQLite in write-ahead mode. A write is in the operating system's hands when the call returns, so no crash of this process
 * loses it. A power cut may lose the last moments, which costs a repetition of what may be repeated; the start of what must
 * not be repeated is therefore forced to the disk.
 */
export class Journal {
  readonly #db: Database.Database;
  readonly #lock: Database.Database;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #identity: string;

  /**
   * Opens, or creates, the journal in `stateDir` and locks the directory for as long as it is open.
   * @throws ConfigError when another worker has the directory, or it cannot be written.
   */
  constructor(stateDir: string) {
    this.#lock = lockDirectory(stateDir);
    this.#db = open(join(stateDir, 'journal.db'));
    this.#db.exec(SCHEMA);
    this.#statements = prepare(this.#db);
    this.#db
      .prepare('INSERT INTO identity (one, uuid) VALUES (1, ?) ON CONFLICT DO NOTHING')
      .run(randomUUID());
    this.#identity = identitySchema.parse(this.#db.prepare('SELECT uuid FROM identity').get()).uuid;
  }

  /** A name of this journal that no other has, for marking what belongs to it outside. */
  get identity(): string {
    return this.#identity;
  }

  /** The hub is about to be asked for the command. Returns false, and changes nothing, when it is journaled already. */
  claiming(command: Command, receivedAt: number, replies: readonly JournaledReply[]): boolean {
    const json = JSON.stringify(encodeCommand(command));
    const { changes } = this.#statements.insert.run(command.id, json, receivedAt, JSON.stringify(replies));
    return changes === 1;
  }

  /** The hub gave the command to us. */
  claimed(id: number): void {
    this.#statements.setStage.run('claimed', id);
  }

  /** The action is about to have its first effect. On disk, when this returns, for an action that must not run twice. */
  started(command: Command, startedAt: number): void {
    const start = (): void => void this.#statements.start.run(startedAt, command.id);
    if (isRepeatable(command.action)) start();
    else this.#durably(start);
  }

  /** The action's script runs in this process group. */
  runsIn(id: number, group: JournaledGroup): void {
    this.#statements.setGroup.run(JSON.stringify(group), id);
  }

  /** The action ended. Forgets the command's secrets; remembers the end for the system's rest when `beginsRest`. */
  ended(command: Command, outcome: Outcome, endedAt: number, { beginsRest }: { beginsRest: boolean }): void {
    const bare = JSON.stringify({
      ...encodeCommand(command),
      power: command.power && { type: command.power.type },
    });
    this.#db.transaction(() => {
      this.#statements.end.run(bare, JSON.stringify(outcome), endedAt, command.id);
      if (beginsRest) this.#statements.setPowerEnd.run(command.fqdn.toLowerCase(), endedAt);
    })();
  }

  /** The hub has accepted the outcome. */
  told(id: number): void {
    this.#statements.setStage.run('told', id);
  }

  /** Nothing about the command is left to do, or it is not ours. */
  forget(id: number): void {
    this.#statements.remove.run(id);
  }

  /** One more place that wants the command's answer. */
  alsoReplyTo(id: number, reply: JournaledReply): void {
    const entry = this.entry(id);
    if (entry !== undefined) this.#statements.setReplies.run(JSON.stringify([...entry.replies, reply]), id);
  }

  /** What is journaled of a command; undefined when nothing is. */
  entry(id: number): JournalEntry | undefined {
    const row = this.#statements.select.get(id);
    return row === undefined ? undefined : decodeRow(row);
  }

  /** Every command that is not done with, by id. */
  entries(): readonly JournalEntry[] {
    return this.#statements.selectAll.all().map(decodeRow);
  }

  /** When the power of system `fqdn` was last switched, in milliseconds since the epoch, if this worker did it. */
  lastPowerEnd(fqdn: string): number | undefined {
    const row = this.#statements.selectPowerEnd.get(fqdn.toLowerCase());
    return row === undefined ? undefined : powerEndSchema.parse(row).ended_at;
  }

  /** Closes the journal and lets another worker have the directory. */
  close(): void {
    this.#db.close();
    this.#lock.close();
  }

  #durably(write: () => void): void {
    this.#db.pragma('synchronous = FULL');
    try {
      write();
    } finally {
      this.#db.pragma('synchronous = NORMAL');
    }
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
  CREATE TABLE IF NOT EXISTS identity (one INTEGER PRIMARY KEY, uuid TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS power_end (fqdn TEXT PRIMARY KEY, ended_at REAL NOT NULL) STRICT;
`;

const identitySchema = z.object({ uuid: z.string() });
const powerEndSchema = z.object({ ended_at: z.number() });

function prepare(db: Database.Database) {
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
    remove: db.prepare('DELETE FROM command WHERE id = ?'),
    select: db.prepare('SELECT * FROM command WHERE id = ?'),
    selectAll: db.prepare('SELECT * FROM command ORDER BY id'),
    selectPowerEnd: db.prepare('SELECT ended_at FROM power_end WHERE fqdn = ?'),
  };
}

function decodeRow(value: unknown): JournalEntry {
  const row = rowSchema.parse(value);
  return {
    command: row.command,
    stage: row.stage,
    receivedAt: row.received_at,
    startedAt: row.started_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    outcome: row.outcome ?? undefined,
    processGroup: row.process_group ?? undefined,
    replies: row.replies,
  };
}

function open(path: string): Database.Database {
  // SQLite gives its side files the mode of the database, which holds power passwords.
  closeSync(openSync(path, 'a', 0o600));
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  // A finished command's password must not linger in free pages.
  db.pragma('secure_delete = ON');
  return db;
}

/** SQLite's own lock, held by an open transaction on a file of its own, ends with the process however that ends. */
function lockDirectory(stateDir: string): Database.Database {
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
