import { type LaneNames, lanesOf } from '../command.ts';

/** Counts what waits, by lane: told of each change, since to count a backlog anew for each announcement would take the most of it. */
export class WaitingCounts {
  readonly #byLane = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** How many wait, by lane; lanes without are left out. */
  get byLane(): ReadonlyMap<string, number> {
    return this.#byLane;
  }

  /** One more waits. */
  add(command: LaneNames): void {
    this.#total += 1;
    for (const lane of lanesOf(command)) this.#byLane.set(lane, (this.#byLane.get(lane) ?? 0) + 1);
  }

  /** One that was added waits no longer. */
  remove(command: LaneNames): void {
    this.#total -= 1;
    for (const lane of lanesOf(command)) {
      const left = (this.#byLane.get(lane) ?? 0) - 1;
      if (left > 0) this.#byLane.set(lane, left);
      else this.#byLane.delete(lane);
    }
  }
}
