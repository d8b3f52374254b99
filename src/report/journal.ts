import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type Database from 'libsql';
import * as z from 'zod';
import { type Command, encodeCommand, isRepeatable, type Outcome } from '../command.ts';
import { describeError } from '../errors.ts';
import { lockDirectory, openJournalDatabase, prepareStatements } from './journal-database.ts';
import type { Reply } from '../delivery.ts';
import { decodeRow, type JournalEntry, type JournaledGroup } from './journal-entry.ts';
import { beginLife } from './lives.ts';
import { WrittenPaths } from './written-paths.ts';

/**
 * What a worker must not forget: each command from before it asks the hub for it until the hub has accepted its outcome,
 * when the power of each system was last switched, and what was written for it in the TFTP tree.
 *
 * SQLite in write-ahead mode. A write is in the operating system's hands when the call returns, so no crash of this process
 * loses it. A power cut may lose the last moments, which costs a repetition of what may be repeated; the start of what must
 * not be repeated is therefore forced to the disk.
 */
export class Journal {
  readonly #stateDir: string;
  readonly #db: Database.Database;
  readonly #lock: Database.Database;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #identity: string;
  readonly writtenPaths: WrittenPaths;
  /** When this life of the worker began, in milliseconds since the epoch; later than all earlier ones, even if the clock was set back since. */
  readonly startedAtMs: number;
  #wipeLater: NodeJS.Timeout | undefined;

  /**
   * Opens, or creates, the journal in `stateDir` and locks the directory for as long as it is open.
   * @throws ConfigError when another worker has the directory, or it cannot be written.
   */
  constructor(stateDir: string) {
    this.#stateDir = stateDir;
    this.#lock = lockDirectory(stateDir);
    this.#db = openJournalDatabase(join(stateDir, 'journal.db'));
    this.#statements = prepareStatements(this.#db);
    this.writtenPaths = new WrittenPaths(this.#db, (change) => this.#write(change));
    this.#db
      .prepare('INSERT INTO identity (one, uuid) VALUES (1, ?) ON CONFLICT DO NOTHING')
      .run(randomUUID());
    this.#identity = identitySchema.parse(this.#db.prepare('SELECT uuid FROM identity').get()).uuid;
    this.startedAtMs = beginLife(this.#db);
  }

  /** A name of this journal that no other has, for marking what belongs to it outside. */
  get identity(): string {
    return this.#identity;
  }

  /** The hub is about to be asked for the command. Returns false, and changes nothing, when it is journaled already. */
  claiming(command: Command, receivedAt: number, replies: readonly Reply[]): boolean {
    const json = JSON.stringify(encodeCommand(command));
    const { changes } = this.#write(() =>
      this.#statements.insert.run(command.id, json, receivedAt, JSON.stringify(replies)),
    );
    return changes === 1;
  }

  /** The hub gave the command to us. */
  claimed(id: number): void {
    this.#write(() => this.#statements.setStage.run('claimed', id));
  }

  /** The action is about to have its first effect. On disk, when this returns, for an action that must not run twice. */
  started(command: Command, startedAt: number): void {
    const start = (): void => void this.#write(() => this.#statements.start.run(startedAt, command.id));
    if (isRepeatable(command.action)) start();
    else this.#durably(start);
  }

  /** The reboot has switched its system off. Should it be cut short now, all that is left to do is to switch it on. */
  onOwed(id: number): void {
    this.#write(() => this.#statements.setStage.run('on owed', id));
  }

  /** The action's script runs in this process group. */
  runsIn(id: number, group: JournaledGroup): void {
    this.#write(() => this.#statements.setGroup.run(JSON.stringify(group), id));
  }

  /** The action ended. Forgets the command's secrets; remembers the end for the system's rest when `beginsRest`. */
  ended(command: Command, outcome: Outcome, endedAt: number, { beginsRest }: { beginsRest: boolean }): void {
    const bare = JSON.stringify({
      ...encodeCommand(command),
      power: command.power && { type: command.power.type, address: command.power.address },
    });
    // No transaction: of the two alone the first does no harm, and libsql's hides why a write failed.
    this.#write(() => {
      if (beginsRest) this.#statements.setPowerEnd.run(command.fqdn.toLowerCase(), endedAt);
      this.#statements.end.run(bare, JSON.stringify(outcome), endedAt, command.id);
    });
  }

  /** The power of system `fqdn` was switched by somebody else, who was done with it at this time of the steady clock. */
  powerEnded(fqdn: string, endedAt: number): void {
    this.#write(() => this.#statements.setPowerEnd.run(fqdn.toLowerCase(), endedAt));
  }

  /** Another worker of the lab is there; remembered, since it may have commands when this one comes back. */
  colleagueCame(worker: string): void {
    this.#write(() => this.#statements.addColleague.run(worker));
  }

  /** Another worker has stopped in good order. */
  colleagueLeft(worker: string): void {
    this.#write(() => this.#statements.removeColleague.run(worker));
  }

  /** The workers that were there, as far as this one has heard, and have not left. */
  colleagues(): readonly string[] {
    return this.#statements.selectColleagues.all().map((row) => colleagueSchema.parse(row).worker);
  }

  /** The hub has accepted the outcome. */
  told(id: number): void {
    this.#write(() => this.#statements.setStage.run('told', id));
  }

  /** Nothing about the command is left to do, or it is not ours. */
  forget(id: number): void {
    this.#write(() => this.#statements.remove.run(id));
    // After a burst of work, not after each command: it takes an fsync.
    this.#wipeLater ??= setTimeout(() => {
      this.#wipeLater = undefined;
      this.#wipe();
    }, WIPE_AFTER_MS).unref();
  }

  /** One more place that wants the command's answer, unless it is there already: a message may come twice. */
  alsoReplyTo(id: number, reply: Reply): void {
    const { replyTo, correlationId } = reply;
    const replies = this.entry(id)?.replies;
    const isKnown = replies?.some(
      (known) => known.replyTo === replyTo && known.correlationId === correlationId,
    );
    if (replies === undefined || isKnown === true) return;
    this.#write(() => this.#statements.setReplies.run(JSON.stringify([...replies, reply]), id));
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

  /** When the power of system `fqdn` was last switched, on the steady clock, if that is known and was in this boot of the machine. */
  lastPowerEnd(fqdn: string): number | undefined {
    const row = this.#statements.selectPowerEnd.get(fqdn.toLowerCase());
    return row === undefined ? undefined : powerEndSchema.parse(row).ended_at;
  }

  /** Closes the journal and lets another worker have the directory. */
  close(): void {
    clearTimeout(this.#wipeLater);
    this.#wipe();
    this.#db.close();
    this.#lock.close();
  }

  /** An error of SQLite does not say where. Whoever called cannot go on: what is not journaled would be lost with the process. */
  #write<T>(change: () => T): T {
    try {
      return change();
    } catch (error) {
      throw new Error(
        `the journal in STATE_DIR ${this.#stateDir} cannot be written: ${describeError(error)}`,
        {
          cause: error,
        },
      );
    }
  }

  /** What was overwritten in the database is still in the write-ahead log until that starts anew. */
  #wipe(): void {
    try {
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // The log is in use: the next time will do. No command depends on it.
    }
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

const WIPE_AFTER_MS = 10_000;

const colleagueSchema = z.object({ worker: z.string() });
const identitySchema = z.object({ uuid: z.string() });
const powerEndSchema = z.object({ ended_at: z.number() });
