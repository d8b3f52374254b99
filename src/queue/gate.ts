import { type Command, type LaneNames, lanesOf } from '../command.ts';
import type { Clock } from './clock.ts';
import { earliestStart } from './earliest-start.ts';
import { Lanes, type LaneUser } from './lanes.ts';

export interface GateOptions {
  /** Called when a command has become ready: it should soon be taken. */
  readonly onReady: (id: number) => void;
  /** When the last command that switched the power of system `fqdn` ended, on `clock`. */
  readonly lastPowerEnd: (fqdn: string) => number | undefined;
  readonly clock: Clock;
}

interface Waiting {
  readonly command: Command;
  readonly receivedAt: number;
  /** Not before this time, whatever else: the command has been put back. */
  notBefore: number;
  firstAt: number | undefined;
  announced: boolean;
  cancelTimer: (() => void) | undefined;
}

/**
 * Lets each command through when it is first in all its lanes, its delay is over and its system has rested.
 * Waiting here costs a map entry; only commands that are first have a timer.
 */
export class Gate {
  readonly #lanes = new Lanes();
  readonly #waiting = new Map<number, Waiting>();
  readonly #taken = new Map<number, Waiting>();
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** Lets a command wait. `receivedAt` is when it first arrived, on the gate's clock. */
  add(command: Command, receivedAt: number): void {
    this.#enter(waitingSince(command, receivedAt));
  }

  /** Lets a taken command wait again, for at least `ms` milliseconds; what it has waited for already counts. */
  putBack(id: number, ms: number): void {
    const taken = this.#taken.get(id);
    if (taken === undefined) return;
    this.#taken.delete(id);
    const next = this.#lanes.release(id);
    this.#enter({ ...taken, notBefore: this.#options.clock.now() + ms });
    this.#look(next);
  }

  /** Takes the command's lanes for it if it is ready and still first (a lower id may have come); tells whether it was. */
  take(id: number): boolean {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return false;
    waiting.announced = false;
    if (!this.#lanes.take(id)) return false;
    this.#waiting.delete(id);
    this.#taken.set(id, waiting);
    return true;
  }

  /** Closes the lanes of a command that is known to be running or claimed already, whether it waits here or not. */
  hold(command: LaneUser | (LaneNames & { readonly id: number })): void {
    const { id } = command;
    this.#stopWaiting(id);
    this.#lanes.hold({ id, lanes: 'lanes' in command ? command.lanes : lanesOf(command) });
  }

  /** Takes the command's lanes if nobody has any of them, whoever waits; tells whether it did. */
  holdIfFree(command: Command, receivedAt: number): boolean {
    if (!this.#lanes.areFree(lanesOf(command))) return false;
    this.hold(command);
    this.#taken.set(command.id, waitingSince(command, receivedAt));
    return true;
  }

  /** Takes a command out, waiting or taken, and so opens its lanes to the next. */
  release(id: number): void {
    this.#stopWaiting(id);
    this.#look(this.#lanes.release(id));
  }

  /** Whether the command waits for a lane, its delay or its system's rest. */
  isBlocked(id: number): boolean {
    const waiting = this.#waiting.get(id);
    return waiting !== undefined && !waiting.announced;
  }

  #enter(waiting: Waiting): void {
    const { command } = waiting;
    this.#waiting.set(command.id, waiting);
    if (this.#lanes.add({ id: command.id, lanes: lanesOf(command) })) this.#look([command.id]);
  }

  #stopWaiting(id: number): void {
    this.#waiting.get(id)?.cancelTimer?.();
    this.#waiting.delete(id);
    this.#taken.delete(id);
  }

  #look(first: readonly number[]): void {
    for (const id of first) this.#announceInTime(id);
  }

  /** For a command that is first: announces it when its time has come. Called again, by the timer or a lane, it does no harm. */
  #announceInTime(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined || waiting.announced || !this.#lanes.isFirst(id)) return;
    const { clock, lastPowerEnd, onReady } = this.#options;
    waiting.firstAt ??= clock.now();
    waiting.cancelTimer?.();
    const { command, receivedAt, firstAt, notBefore } = waiting;
    const start = earliestStart(command, { receivedAt, firstAt, lastPowerEnd: lastPowerEnd(command.fqdn) });
    const waitMs = Math.max(start, notBefore) - clock.now();
    if (waitMs > 0) {
      waiting.cancelTimer = clock.after(waitMs, () => this.#announceInTime(id));
      return;
    }
    waiting.announced = true;
    onReady(id);
  }
}

function waitingSince(command: Command, receivedAt: number): Waiting {
  return {
    command,
    receivedAt,
    notBefore: -Infinity,
    firstAt: undefined,
    announced: false,
    cancelTimer: undefined,
  };
}
