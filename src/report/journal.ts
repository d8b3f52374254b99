import { join } from 'node:path';
import type Database from 'libsql';
import * as z from 'zod';
import { type Command, decodeCommand, encodeCommand, isRepeatable, type Outcome } from '../command.ts';
import { inTransaction } from '../in-transaction.ts';
import type { Logger } from '../logger.ts';
import type { Troubles } from '../troubles.ts';
import type { Reply } from '../delivery.ts';
import { HeldWrites } from './held-writes.ts';
import { BUSY_MS, lockDirectory, openJournal, prepareStatements } from './journal-database.ts';
import { encodeRow, type JournalEntry, type JournaledGroup } from './journal-entry.ts';
import { SetAside } from './set-aside.ts';
import { beginLife } from './lives.ts';
import { WrittenPaths } from './written-paths.ts';

export interface JournalOptions {
  readonly log?: Logger;
  /** Is told for as long as nothing can be written. */
  readonly troubles?: Pick<Troubles, 'set' | 'clear'>;
}

/**
 * What a worker must not forget: each command from before it asks the hub for it until the hub has accepted its outcome,
 * when the power of each system was last switched, and what was written for it in the TFTP tree.
 *
 * It is kept in memory, and in SQLite in write-ahead mode. A write is in the operating system's hands when the call returns, so no crash
 * of this process loses it. A power cut may lose the last moments, which costs a repetition of what may be repeated; the start of what must
 * not be repeated is therefore forced to the disk.
 *
 * While there is no room, what happens to commands that are here already is held in memory and written as soon as there is. Only
 * a new claim, and the start of what must not be repeated, throw JournalFullError. Every method throws when the database is damaged.
 */
export class Journal {
  readonly #db: Database.Database;
  readonly #lock: Database.Database;
  readonly #log: Logger | undefined;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #identity: string;
  readonly #held: HeldWrites;
  readonly #setAside: SetAside;
  readonly #entries = new Map<number, JournalEntry>();
  readonly #powerEnds = new Map<string, number>();
  readonly writtenPaths: WrittenPaths;
  /** When this life of the worker began, in milliseconds since the epoch; later than all earlier ones, even if the clock was set back since. */
  readonly startedAtMs: number;
  #wipeLater: NodeJS.Timeout | undefined;

  /**
   * Opens, or creates, the journal in `stateDir` and locks the directory for as long as it is open. What cannot be read is set aside.
   * @throws ConfigError when another worker has the directory, it cannot be written, or a newer version has written the journal; NoRoomError
   * when there is no room to open it
   */
  constructor(stateDir: string, { log, troubles }: JournalOptions = {}) {
    this.#log = log;
    this.#lock = lockDirectory(stateDir);
    try {
      this.#db = openJournal(join(stateDir, 'journal.db'), log);
      this.#statements = prepareStatements(this.#db);
      this.#identity = identitySchema.parse(this.#statements.selectIdentity.get()).uuid;
    } catch (error) {
      this.#lock.close();
      throw error;
    }
    this.#held = new HeldWrites({
      stateDir,
      inTransaction: (change) => inTransaction(this.#db, change),
      makeRoom: () => this.#wipe(),
      probe: () => {
        this.#statements.takeRoom.run();
        this.#statements.giveRoom.run();
      },
      setPatient: (isPatient) => void this.#db.pragma(`busy_timeout = ${isPatient ? BUSY_MS : 0}`),
      log,
      troubles,
    });
    this.#setAside = new SetAside({ statements: this.#statements, held: this.#held, log });
    this.writtenPaths = new WrittenPaths(this.#db, (key, change) => this.#held.write(key, change));
    for (const entry of this.#setAside.readable()) this.#entries.set(entry.command.id, entry);
    for (const { fqdn, ended_at } of this.#statements.selectPowerEnds
      .all()
      .map((row) => powerEndSchema.parse(row))) {
      this.#powerEnds.set(fqdn, ended_at);
    }
    this.startedAtMs = beginLife(this.#db, (change) => this.#held.write('life', change));
  }

  /** A name of this journal that no other has, for marking what belongs to it outside. */
  get identity(): string {
    return this.#identity;
  }

  /** Whether there is no room just now, so that nothing is claimed. */
  get isFull(): boolean {
    return this.#held.isFull;
  }

  /**
   * The hub is about to be asked for the command. Returns false, and changes nothing, when it is journaled already.
   * @throws JournalFullError when that cannot be journaled
   */
  claiming(command: Command, receivedAt: number, replies: readonly Reply[]): boolean {
    if (this.#entries.has(command.id)) return false;
    const entry: JournalEntry = {
      command,
      stage: 'claiming',
      receivedAt,
      startedAt: undefined,
      endedAt: undefined,
      outcome: undefined,
      processGroup: undefined,
      replies,
    };
    this.#held.writeNow(() => this.#statements.save.run(...encodeRow(entry)));
    this.#entries.set(command.id, entry);
    return true;
  }

  /** The hub gave the command to us. */
  claimed(id: number): void {
    this.#change(id, { stage: 'claimed' });
  }

  /**
   * The action is about to have its first effect. On disk, when this returns, for an action that must not run twice.
   * @throws JournalFullError when that cannot be journaled and the action must not run twice
   */
  started(command: Command, startedAt: number): void {
    const start = { stage: 'started', startedAt } as const;
    if (isRepeatable(command.action)) this.#change(command.id, start);
    else this.#durably(() => this.#changeNow(command.id, start));
  }

  /** The reboot has switched its system off. Should it be cut short now, all that is left to do is to switch it on. */
  onOwed(id: number): void {
    this.#change(id, { stage: 'on owed' });
  }

  /** The action's script runs in this process group. */
  runsIn(id: number, group: JournaledGroup): void {
    this.#change(id, { processGroup: group });
  }

  /** The action ended. Forgets the command's secrets; remembers the end for the system's rest when `beginsRest`. */
  ended(command: Command, outcome: Outcome, endedAt: number, { beginsRest }: { beginsRest: boolean }): void {
    if (beginsRest) this.powerEnded(command.fqdn, endedAt);
    this.#change(command.id, {
      stage: 'ended',
      command: withoutSecrets(command),
      outcome,
      endedAt,
      processGroup: undefined,
    });
  }

  /** The hub refuses the outcome; it is offered this one from now on. */
  endedInstead(id: number, outcome: Outcome): void {
    this.#change(id, { outcome });
  }

  /** The power of system `fqdn` was switched by another worker, which ended at this time of the steady clock. */
  powerEnded(fqdn: string, endedAt: number): void {
    const system = fqdn.toLowerCase();
    this.#powerEnds.set(system, endedAt);
    this.#held.write(`power end ${system}`, () => this.#statements.setPowerEnd.run(system, endedAt));
  }

  /** Another worker of the lab is there; remembered, since it may have commands when this one comes back. */
  colleagueCame(worker: string): void {
    this.#held.write(`colleague ${worker}`, () => this.#statements.addColleague.run(worker));
  }

  /** Another worker has stopped in good order. */
  colleagueLeft(worker: string): void {
    this.#held.write(`colleague ${worker}`, () => this.#statements.removeColleague.run(worker));
  }

  /** The workers that were there when the journal was opened, as far as this one had heard, and had not left. */
  colleagues(): readonly string[] {
    return this.#statements.selectColleagues.all().map((row) => colleagueSchema.parse(row).worker);
  }

  /** The hub has accepted the outcome. */
  told(id: number): void {
    this.#change(id, { stage: 'told' });
  }

  /** Nothing about the command is left to do, or it is not ours. */
  forget(id: number): void {
    this.#entries.delete(id);
    this.#save(id);
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
    this.#change(id, { replies: [...replies, reply] });
  }

  /** What is journaled of a command; undefined when nothing is. */
  entry(id: number): JournalEntry | undefined {
    return this.#entries.get(id);
  }

  /** Every command that is not done with, by id. */
  entries(): readonly JournalEntry[] {
    return [...this.#entries.values()].sort((a, b) => a.command.id - b.command.id);
  }

  /** When the power of system `fqdn` was last switched, on the steady clock, if that is known and was in this boot of the machine. */
  lastPowerEnd(fqdn: string): number | undefined {
    return this.#powerEnds.get(fqdn.toLowerCase());
  }

  /** Forgets a command, but for a note of what was known of it and why it is not gone on with. */
  setAside(id: number, reason: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#setAside.note({ ...entry, command: withoutSecrets(entry.command) }, reason);
    this.forget(id);
  }

  /** Commands whose entries could not be read, with the reason: to be aborted at the hub, which may have given them to us. */
  unreadable(): readonly { readonly id: number; readonly reason: string }[] {
    return this.#setAside.toAbort();
  }

  /** The hub knows that the command of the unreadable entry is aborted. */
  unreadableAborted(id: number): void {
    this.#setAside.aborted(id);
  }

  /** The installation of the hub that gave us what is journaled, if that hub has named itself. */
  get installation(): string | undefined {
    const row = this.#statements.selectInstallation.get();
    return row === undefined ? undefined : installationSchema.parse(row).installation;
  }

  /** The hub has named itself so. */
  keepInstallation(installation: string): void {
    this.#held.write('installation', () => this.#statements.setInstallation.run(installation));
  }

  /** Closes the journal and lets another worker have the directory. */
  close(): void {
    clearTimeout(this.#wipeLater);
    const lost = this.#held.close();
    if (lost > 0) this.#log?.error('journal closed with writes for which there was no room', { lost });
    this.#wipe();
    this.#db.close();
    this.#lock.close();
  }

  #change(id: number, change: Partial<JournalEntry>): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.set(id, { ...entry, ...change });
    this.#save(id);
  }

  #changeNow(id: number, change: Partial<JournalEntry>): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    const changed = { ...entry, ...change };
    this.#held.writeNow(() => this.#statements.save.run(...encodeRow(changed)));
    this.#entries.set(id, changed);
  }

  /** Brings what memory has of a command to the disk. */
  #save(id: number): void {
    this.#held.write(`command ${id}`, () => {
      const entry = this.#entries.get(id);
      if (entry === undefined) this.#statements.remove.run(id);
      else this.#statements.save.run(...encodeRow(entry));
    });
  }

  /** What was overwritten in the database is still in the write-ahead log until that starts anew. */
  #wipe(): void {
    try {
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // The log is in use, or there is no room: the next time will do. No command depends on it.
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

function withoutSecrets(command: Command): Command {
  const { power, ...rest } = encodeCommand(command);
  return decodeCommand({ ...rest, ...(power && { power: { type: power.type, address: power.address } }) });
}

const WIPE_AFTER_MS = 10_000;

const colleagueSchema = z.object({ worker: z.string() });
const identitySchema = z.object({ uuid: z.string() });
const installationSchema = z.object({ installation: z.string() });
const powerEndSchema = z.object({ fqdn: z.string(), ended_at: z.number() });
