import type { Troubles } from '../troubles.ts';

/** How long `status` shows a command that was forgotten. */
const SHOWN_MS = 600_000;

/** Says in `status` which outcomes the hub refuses: for as long as it does, and for ten minutes when the command was forgotten for that. */
export class RefusedOutcomes {
  readonly #troubles: Pick<Troubles, 'set' | 'clear'>;

  constructor(troubles: Pick<Troubles, 'set' | 'clear'>) {
    this.#troubles = troubles;
  }

  /** The hub has refused the outcome of command `id`, and is offered it again. */
  refused(id: number, reason: string): void {
    this.#troubles.set(
      keyOf(id),
      `the hub refuses the outcome of command ${id}, which stays Running there: ${reason}`,
    );
  }

  /** The hub has the outcome. */
  accepted(id: number): void {
    this.#troubles.clear(keyOf(id));
  }

  /** The hub will never take an outcome of command `id`. */
  forgotten(id: number, reason: string): void {
    const key = `forgotten ${keyOf(id)}`;
    this.#troubles.clear(keyOf(id));
    this.#troubles.set(
      key,
      `command ${id} is forgotten, since the hub takes no outcome of it any more: ${reason}`,
    );
    setTimeout(() => this.#troubles.clear(key), SHOWN_MS).unref();
  }
}

function keyOf(id: number): string {
  return `outcome ${id}`;
}
