import TinyQueue from 'tinyqueue';

/** Something that needs all its lanes at once; ids order it among those that want the same lane. */
export interface LaneUser {
  readonly id: number;
  readonly lanes: readonly string[];
}

interface Lane {
  /** Ids that wait for the lane, lowest first; those that have left in the meantime are skipped when they come up. */
  readonly waiting: TinyQueue<number>;
  readonly holders: Set<number>;
}

/**
 * Who may go, when each needs several lanes and every lane is used by one at a time, in the order of ids.
 *
 * A user is *first* when nobody holds any of its lanes and nobody with a lower id waits for one of them. All lanes are
 * taken at once and in one global order, so nobody can wait in a circle. Every operation costs at most the logarithm of a
 * lane's length, whatever the order of arrival.
 */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #waiting = new Map<number, LaneUser>();
  readonly #holding = new Map<number, LaneUser>();

  /** Lets `user` wait for its lanes; tells whether it is first at once. */
  add(user: LaneUser): boolean {
    this.#waiting.set(user.id, user);
    for (const name of user.lanes) this.#lane(name).waiting.push(user.id);
    return this.isFirst(user.id);
  }

  isFirst(id: number): boolean {
    const user = this.#waiting.get(id);
    return user?.lanes.every((name) => this.#isOpenFor(id, name)) ?? false;
  }

  /** Gives all its lanes to the user if it is first; tells whether it was. */
  take(id: number): boolean {
    const user = this.#waiting.get(id);
    if (user === undefined || !this.isFirst(id)) return false;
    this.hold(user);
    return true;
  }

  /** Gives the lanes to `user` whoever waits or holds them: for one known to have them already. */
  hold(user: LaneUser): void {
    this.#waiting.delete(user.id);
    this.#holding.set(user.id, user);
    for (const name of user.lanes) this.#lane(name).holders.add(user.id);
  }

  /** Whether nobody holds any of these lanes. */
  areFree(names: readonly string[]): boolean {
    return names.every((name) => (this.#lanes.get(name)?.holders.size ?? 0) === 0);
  }

  /** Takes a user out, whether it waits or holds its lanes; returns the ids that have become first by that. */
  release(id: number): readonly number[] {
    const user = this.#holding.get(id) ?? this.#waiting.get(id);
    if (user === undefined) return [];
    this.#holding.delete(id);
    this.#waiting.delete(id);
    const next = new Set<number>();
    for (const name of user.lanes) {
      const lane = this.#lane(name);
      lane.holders.delete(id);
      const first = this.#firstWaiting(lane);
      if (first !== undefined) next.add(first);
      else if (lane.holders.size === 0) this.#lanes.delete(name);
    }
    return [...next].filter((candidate) => this.isFirst(candidate));
  }

  #isOpenFor(id: number, name: string): boolean {
    const lane = this.#lane(name);
    return lane.holders.size === 0 && this.#firstWaiting(lane) === id;
  }

  #firstWaiting({ waiting }: Lane): number | undefined {
    let first = waiting.peek();
    while (first !== undefined && !this.#waiting.has(first)) {
      waiting.pop();
      first = waiting.peek();
    }
    return first;
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (lane === undefined) {
      lane = { waiting: new TinyQueue(), holders: new Set() };
      this.#lanes.set(name, lane);
    }
    return lane;
  }
}
