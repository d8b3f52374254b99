import type { Clock } from './clock.ts';

/** Remembers ids for a while. */
export class RecentIds {
  readonly #forMs: number;
  readonly #clock: Pick<Clock, 'now'>;
  /** When each was added. Ids are forgotten by the mapful: one by one would be to walk past all that were deleted, each time. */
  #young = new Map<number, number>();
  #old: ReadonlyMap<number, number> = new Map();
  #youngSince: number;

  constructor(forMs: number, clock: Pick<Clock, 'now'>) {
    this.#forMs = forMs;
    this.#clock = clock;
    this.#youngSince = clock.now();
  }

  add(id: number): void {
    const now = this.#clock.now();
    if (now - this.#youngSince >= this.#forMs) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngSince = now;
    }
    this.#young.set(id, now);
  }

  has(id: number): boolean {
    const addedAt = this.#young.get(id) ?? this.#old.get(id);
    return addedAt !== undefined && this.#clock.now() - addedAt < this.#forMs;
  }
}
