import { type Action, type Command, decodeCommand, type LaneNames } from '../command.ts';
import { describeError, InvalidCommandError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Clock } from '../queue/clock.ts';
import { isSameCommand } from '../same-command.ts';

export interface ListedCommandsOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
}

/** How long a command is remembered that is not listed any more: it may run, and then the hub names it by its id alone. */
const REMEMBERED_MS = 24 * 3_600_000;
/** Nor are more than so many, the oldest of which are forgotten first. */
const REMEMBERED = 50_000;

interface Seen {
  readonly command: Command;
  listedAt: number;
}

/** Remembers the commands that a hub has listed, and decodes each once. A hub that was set up anew gives old ids to other commands. */
export class ListedCommands {
  readonly #options: ListedCommandsOptions;
  /** Those that were listed last come last. */
  readonly #seen = new Map<number, Seen>();
  /** Listed in the last look, and no commands. */
  #invalid: ReadonlySet<number> = new Set();
  readonly #addresses = new Map<string, string>();
  #replaced: readonly number[] = [];

  constructor(options: ListedCommandsOptions) {
    this.#options = options;
  }

  /** Reads a list; gives the ids of its commands. What is no command is logged once, and left to the worker that polls, which fails it. */
  read(values: readonly unknown[]): ReadonlySet<number> {
    const now = this.#options.clock.now();
    const ids = new Set<number>();
    const invalid = new Set<number>();
    const replaced: number[] = [];
    for (const value of values) {
      try {
        ids.add(this.#read(value, now, replaced));
      } catch (error) {
        if (!(error instanceof InvalidCommandError)) throw error;
        this.#noteInvalid(error, invalid);
      }
    }
    // Such a one is briefly running when it is failed, which holds up nobody.
    this.#invalid = new Set([...invalid, ...[...this.#invalid].slice(-INVALID)]);
    this.#forgetOld(now, ids);
    this.#replaced = replaced;
    return ids;
  }

  /** The ids under which the last list had other commands than those before it. */
  get replaced(): readonly number[] {
    return this.#replaced;
  }

  get(id: number): Command | undefined {
    return this.#seen.get(id)?.command;
  }

  isInvalid(id: number): boolean {
    return this.#invalid.has(id);
  }

  /** With the power address that commands of the system have had; undefined when there was none. */
  withAddress<T extends { readonly fqdn: string; readonly action: Action }>(
    command: T,
  ): (T & LaneNames) | undefined {
    const address = this.#addresses.get(command.fqdn.toLowerCase());
    return address === undefined ? undefined : { ...command, power: { address } };
  }

  #read(value: unknown, now: number, replaced: number[]): number {
    const id = idOf(value);
    const known = this.#seen.get(id)?.command;
    this.#seen.delete(id);
    const command = known !== undefined && isListedAs(value, known) ? known : decodeCommand(value);
    if (known !== undefined && !isSameCommand(known, command)) replaced.push(id);
    this.#seen.set(command.id, { command, listedAt: now });
    if (command.power !== undefined) this.#addresses.set(command.fqdn.toLowerCase(), command.power.address);
    return command.id;
  }

  #noteInvalid(error: InvalidCommandError, invalid: Set<number>): void {
    const { id = 0 } = error;
    invalid.add(id);
    if (!this.#invalid.has(id))
      this.#options.log.warn('listed command is invalid, not published', {
        id,
        reason: describeError(error),
      });
  }

  #forgetOld(now: number, ofThisLook: ReadonlySet<number>): void {
    for (const [id, { listedAt }] of this.#seen) {
      // Those of this look come last, and count not, however many they are: what was just claimed is in none, and has to be named.
      const besides = this.#seen.size - ofThisLook.size;
      if (ofThisLook.has(id) || (now - listedAt < REMEMBERED_MS && besides <= REMEMBERED)) return;
      this.#seen.delete(id);
    }
  }
}

const INVALID = 1_000;

/** Whether the value has the words of a command that was read before: most have, and to decode takes a hundred times as long. */
function isListedAs(value: unknown, { fqdn, action }: Command): boolean {
  if (typeof value !== 'object' || value === null || !('fqdn' in value) || !('action' in value)) return false;
  return value.fqdn === fqdn && value.action === action;
}

function idOf(value: unknown): number {
  if (typeof value !== 'object' || value === null || !('id' in value)) return 0;
  return typeof value.id === 'number' ? value.id : 0;
}
