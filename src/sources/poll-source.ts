import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Command, decodeCommand } from '../command.ts';
import { describeError, InvalidCommandError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';

/** When to look at the hub: the first time in `firstMs`, then every `everyMs` milliseconds. */
export interface Pace {
  readonly firstMs: number;
  readonly everyMs: number;
}

export interface PollSourceOptions {
  readonly hub: Pick<HubClient, 'queuedCommands'>;
  /** All commands of a look, by id. */
  readonly onCommands: (commands: readonly Command[], signal: AbortSignal) => void | Promise<void>;
  /** A listed command that makes no sense, but has an id. Told each time that it is listed. */
  readonly onInvalid: (id: number, problem: string) => void;
  readonly log: Logger;
}

/** Commands decoded before the event loop gets its turn. */
const SLICE = 200;

/**
 * Looks at the hub's list of queued commands, at a pace that may change at any time, and at once when told to. There is never
 * more than one look at a time; being told during a look brings another after it, so that no notice is lost.
 */
export class PollSource {
  readonly #options: PollSourceOptions;
  readonly #stopping = new AbortController();
  #pace: Pace | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #isFailing = false;

  constructor(options: PollSourceOptions) {
    this.#options = options;
  }

  /** Starts looking, or changes the pace. */
  start(pace: Pace): void {
    this.#pace = pace;
    this.#schedule(pace.firstMs);
  }

  /** Looks now. */
  lookNow(): void {
    if (this.#stopping.signal.aborted) return;
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    this.#unschedule();
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
      this.#next();
    });
  }

  /** Looks no more; resolves when a look that is under way has ended, which this cuts short. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#unschedule();
    await this.#looking;
  }

  #next(): void {
    if (this.#lookAgain) {
      this.#lookAgain = false;
      this.lookNow();
      return;
    }
    // A pace that was set during the look has its first look scheduled already.
    if (this.#pace !== undefined && this.#timer === undefined) this.#schedule(this.#pace.everyMs);
  }

  #schedule(ms: number): void {
    this.#unschedule();
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.lookNow();
    }, ms);
  }

  #unschedule(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const { hub, log } = this.#options;
    try {
      const listed = await hub.queuedCommands(this.#stopping.signal);
      if (this.#isFailing) log.info('hub answers again');
      this.#isFailing = false;
      await this.#handOver(listed);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      // Once an outage: at a look every few seconds, more would only hide the rest.
      if (!this.#isFailing) log.error('cannot list queued commands', { reason: describeError(error) });
      this.#isFailing = true;
    }
  }

  async #handOver(listed: readonly unknown[]): Promise<void> {
    const commands: Command[] = [];
    for (const [index, value] of listed.entries()) {
      if (index % SLICE === SLICE - 1) await nextTurn();
      if (this.#stopping.signal.aborted) return;
      const command = this.#decode(value);
      if (command !== undefined) commands.push(command);
    }
    await this.#options.onCommands(commands, this.#stopping.signal);
  }

  #decode(value: unknown): Command | undefined {
    const { onInvalid, log } = this.#options;
    try {
      return decodeCommand(value);
    } catch (error) {
      if (!(error instanceof InvalidCommandError)) throw error;
      if (error.id === undefined) log.warn('listed command is unreadable', { reason: error.message });
      else onInvalid(error.id, error.message);
      return undefined;
    }
  }
}
