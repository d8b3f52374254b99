import { describeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Troubles } from '../troubles.ts';
import { isForWantOfRoom } from './want-of-room.ts';

export interface HeldWritesOptions {
  readonly stateDir: string;
  /** Makes a write as a whole or not at all. */
  readonly inTransaction: (change: () => void) => void;
  /** Tries to make room for a write that found none. */
  readonly makeRoom: () => void;
  /** A write of some size, and its undoing, that shows whether there is room again. */
  readonly probe: () => void;
  /** Whether a write should wait for other writers; not while writes are held, of which each would wait. */
  readonly setPatient: (isPatient: boolean) => void;
  readonly log?: Logger | undefined;
  readonly troubles?: Pick<Troubles, 'set' | 'clear'> | undefined;
}

const RETRY_MS = 1_000;

/** A write to the journal that has to be there before anything else happens, and cannot be made now. */
export class JournalFullError extends Error {
  override readonly name = 'JournalFullError';
}

/**
 * Makes the journal's writes, and holds in memory those for which there is no room, until there is. One key has one write: the last.
 * What is held goes before anything that is new and has to be written at once.
 */
export class HeldWrites {
  readonly #options: HeldWritesOptions;
  readonly #held = new Map<string, () => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: HeldWritesOptions) {
    this.#options = options;
  }

  /** Whether there is no room just now. */
  get isFull(): boolean {
    return this.#timer !== undefined;
  }

  /** Makes the write now, or as soon as there is room. @throws Error when the journal is damaged */
  write(key: string, change: () => void): void {
    // Behind what is held, in the place of an older one of its key.
    this.#held.delete(key);
    this.#held.set(key, change);
    this.#flush();
  }

  /** Makes the write now, or not at all. @throws JournalFullError when there is no room; Error when the journal is damaged */
  writeNow(change: () => void): void {
    if (this.isFull) throw this.#full('there was no room a moment ago');
    const error = this.#try(change);
    if (error === undefined) return;
    this.#begin(error);
    throw this.#full(describeError(error), error);
  }

  /** Tries a last time; gives how many writes are lost with this process. */
  close(): number {
    this.#flush();
    clearTimeout(this.#timer);
    return this.#held.size;
  }

  /** Makes what is held, as far as there is room; tells whether nothing is held any more. */
  #flush(): boolean {
    for (const [key, change] of this.#held) {
      const error = this.#try(change);
      if (error !== undefined) {
        this.#begin(error);
        return false;
      }
      this.#held.delete(key);
    }
    return true;
  }

  /** Makes a write; gives the error when there is no room for it. */
  #try(change: () => void): unknown {
    const error = this.#tryOnce(change);
    if (error === undefined || this.isFull) return error;
    this.#options.makeRoom();
    return this.#tryOnce(change);
  }

  #tryOnce(change: () => void): unknown {
    try {
      this.#options.inTransaction(change);
      return undefined;
    } catch (error) {
      if (isForWantOfRoom(error)) return error;
      throw this.#damaged(error);
    }
  }

  /** Said once, and again only after its end. */
  #begin(error: unknown): void {
    if (this.isFull) return;
    const { stateDir, setPatient, log, troubles } = this.#options;
    const reason = describeError(error);
    setPatient(false);
    log?.error('journal cannot be written, nothing is claimed until it can', { stateDir, reason });
    troubles?.set(
      'journal',
      `STATE_DIR ${stateDir} cannot be written (${reason}), nothing is claimed; make room there`,
    );
    this.#timer = setInterval(() => this.#retry(), RETRY_MS).unref();
  }

  #retry(): void {
    // More than one claim needs: else it would be over and begin again with each of them.
    if (!this.#flush() || this.#try(this.#options.probe) !== undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    const { stateDir, setPatient, log, troubles } = this.#options;
    setPatient(true);
    log?.info('journal is written again', { stateDir });
    troubles?.clear('journal');
  }

  #full(why: string, cause?: unknown): JournalFullError {
    return new JournalFullError(
      `the journal in STATE_DIR ${this.#options.stateDir} cannot be written: ${why}`,
      {
        cause,
      },
    );
  }

  #damaged(error: unknown): Error {
    const { stateDir } = this.#options;
    return new Error(
      `the journal in STATE_DIR ${stateDir} is damaged: ${describeError(error)}; the next start sets it aside`,
      { cause: error },
    );
  }
}
