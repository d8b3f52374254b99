import type { OutgoingMessage } from './outgoing-message.ts';

/** A message in the outbox. */
export interface Entry {
  readonly message: OutgoingMessage;
  /** How often it was sent without an answer. */
  attempts: number;
}

/** Messages that wait for the broker, oldest first; holds `limit` at most, for which the oldest gives way. */
export class Outbox {
  readonly #limit: number;
  readonly #entries = new Set<Entry>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Adds a message; returns how many had to be dropped for it. */
  add(message: OutgoingMessage): number {
    this.#entries.add({ message, attempts: 0 });
    return this.#dropOverLimit();
  }

  /** Up to `count` of the oldest. They stay here until they are removed. One that failed before comes alone: it may be what fails. */
  oldest(count: number): readonly Entry[] {
    const batch = [...take(this.#entries, count)];
    const [first] = batch;
    return first !== undefined && first.attempts > 0 ? [first] : batch;
  }

  remove(entry: Entry): void {
    this.#entries.delete(entry);
  }

  #dropOverLimit(): number {
    const surplus = Math.max(0, this.#entries.size - this.#limit);
    for (const entry of take(this.#entries, surplus)) this.#entries.delete(entry);
    return surplus;
  }
}

function* take<T>(values: Iterable<T>, count: number): Generator<T> {
  let taken = 0;
  for (const value of values) {
    if (taken === count) return;
    taken += 1;
    yield value;
  }
}
