import type { Clock } from './clock.ts';

/** Remembers ids for a while. */
export class RecentIds {
  readonly #forMs: number;
  readonly #clock: Pick<Clock, 'now'>;
  /** When each was added; a map keeps the order of insertion, so that the oldest come first. */
  readonly #addedAt = new Map<number, number>();

  constructor(forMs: number, clock: Pick<Clock, 'now'>) {
    this.#forMs = forMs;
    this.#clock = clock;
  }

  add(id: number): void {
    this.#forgetOld();
    this.#addedAt.set(id, this.#clock.now());
  }

  has(id: number): boolean {
    this.#forgetOld();
    return this.#addedAt.has(id);
  }

  #forgetOld(): void {
    const oldest = this.#clock.now() - this.#forMs;
    for (const [id, addedAt] of this.#addedAt) {
      if (addedAt > oldest) return;
      this.#addedAt.delete(id);
    }
  }
}
