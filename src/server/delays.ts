import { steadyNow } from '../steady-clock.ts';

/** The clock on the wall, which may be set at any time, for what people read; and one that is never set, for durations. Both in milliseconds. */
export interface Clocks {
  readonly wall: () => number;
  readonly steady: () => number;
}

export const systemClocks: Clocks = { wall: () => Date.now(), steady: steadyNow };

/** What a row of the table `commands` says of a delay. */
interface DelayedRow {
  readonly id: number;
  readonly status: string;
  readonly queued_at: number;
  readonly delay_until: number | null;
}

interface Deadline {
  readonly delayUntil: number;
  readonly steadyMs: number;
}

/**
 * How long queued commands have still to wait. From the first look at a command the time is counted by the steady clock; only what passed before
 * this process started is taken from the wall clock, and then a delay may have become too short, but is never longer than it was.
 */
export class Delays {
  readonly #clocks: Clocks;
  readonly #deadlines = new Map<number, Deadline>();

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  /** What remains of a command's delay, in seconds; 0 once it is not queued any more. */
  remainingS({ id, status, queued_at: queuedAt, delay_until: delayUntil }: DelayedRow): number {
    if (delayUntil === null || status !== 'Queued') {
      this.#deadlines.delete(id);
      return 0;
    }
    const now = this.#clocks.steady();
    let deadline = this.#deadlines.get(id);
    // An id whose command was not stored after all comes again.
    if (deadline?.delayUntil !== delayUntil) {
      const leftMs = Math.min(delayUntil - queuedAt, delayUntil - this.#clocks.wall());
      deadline = { delayUntil, steadyMs: now + leftMs };
      this.#deadlines.set(id, deadline);
    }
    return Math.max(0, deadline.steadyMs - now) / 1000;
  }
}
