import * as z from 'zod';
import { boundedText, describeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { HeldWrites } from './held-writes.ts';
import type { prepareStatements } from './journal-database.ts';
import { decodeRow, encodeRow, type JournalEntry } from './journal-entry.ts';

export interface SetAsideOptions {
  readonly statements: ReturnType<typeof prepareStatements>;
  readonly held: Pick<HeldWrites, 'write'>;
  readonly log?: Pick<Logger, 'error'> | undefined;
}

/** A command that was set aside because its entry could not be read. */
export interface UnreadableEntry {
  readonly id: number;
  readonly reason: string;
}

/** Entries that are not gone on with are kept in the journal's table `set_aside`, the last hundred of them, without secrets. */
export class SetAside {
  readonly #options: SetAsideOptions;
  readonly #toAbort = new Map<number, string>();

  /** Reads which commands are still to be aborted. */
  constructor(options: SetAsideOptions) {
    this.#options = options;
    for (const row of options.statements.selectToAbort.all()) {
      const { command_id: id, reason } = toAbortSchema.parse(row);
      this.#toAbort.set(id, reason);
    }
  }

  /** The entries of the journal. Those that cannot be read are set aside, and their commands are to be aborted. */
  readable(): readonly JournalEntry[] {
    return this.#options.statements.selectAll.all().flatMap((row) => {
      try {
        const entry = decodeRow(row);
        const { id } = idSchema.parse(row);
        // Its outcome would be sent for another command, and the row would stay.
        if (entry.command.id !== id) throw new Error(`expected command ${id}, found ${entry.command.id}`);
        return entry;
      } catch (error) {
        this.#refuse(row, error);
        return [];
      }
    });
  }

  /** Keeps an entry that was read, whose command is another's. */
  note(entry: JournalEntry, reason: string): void {
    this.#keep(entry.command.id, reason, JSON.stringify(encodeRow(entry)), { toAbort: false });
  }

  toAbort(): readonly UnreadableEntry[] {
    return [...this.#toAbort].map(([id, reason]) => ({ id, reason }));
  }

  aborted(id: number): void {
    const { statements, held } = this.#options;
    this.#toAbort.delete(id);
    held.write(`aborted ${id}`, () => {
      statements.aborted.run(id);
      statements.trimSetAside.run();
    });
  }

  #refuse(row: unknown, error: unknown): void {
    const { statements, held, log } = this.#options;
    const { id } = idSchema.parse(row);
    const reason = boundedText(
      `its entry in the journal cannot be read: ${describeError(error)}`,
      REASON_LENGTH,
    );
    log?.error('journal entry is unreadable and was set aside, its command is aborted', { id, reason });
    this.#toAbort.set(id, reason);
    this.#keep(id, reason, withoutPassword(row), { toAbort: true });
    held.write(`command ${id}`, () => statements.remove.run(id));
  }

  #keep(id: number, reason: string, entry: string, { toAbort }: { toAbort: boolean }): void {
    const { statements, held } = this.#options;
    const at = Date.now();
    held.write(`set aside ${id}`, () => {
      statements.setAside.run(id, at, reason, entry, toAbort ? 1 : 0);
      statements.trimSetAside.run();
    });
  }
}

const REASON_LENGTH = 300;

/** The row as JSON, without the password. A command that is no JSON is left out: where the password is in it cannot be known. */
function withoutPassword(row: unknown): string {
  const { command, ...rest } = rowSchema.parse(row);
  return JSON.stringify({ ...rest, command: bare(command) });
}

function bare(command: unknown): unknown {
  if (typeof command !== 'string') return undefined;
  try {
    return JSON.parse(command, (key, value: unknown) => (key === 'passwd' ? '********' : value));
  } catch {
    return `${command.length} characters that are no JSON`;
  }
}

const rowSchema = z.looseObject({ command: z.unknown() });
const idSchema = z.object({ id: z.number() });
const toAbortSchema = z.object({ command_id: z.number(), reason: z.string() });
