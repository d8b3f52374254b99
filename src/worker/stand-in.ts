import type { Logger } from '../logger.ts';

export interface StandInOptions {
  /** Whether this worker was given the command lately. */
  readonly isClaimedHere: (id: number) => boolean;
  readonly log: Logger;
}

/** So many looks in a row must find commands queued and none of them taken. */
const LOOKS = 3;

/**
 * Decides whether a worker that is not the fallback primary takes what it sees queued: when nobody else seems to, until somebody
 * does. Two that do are as safe as one; this only keeps them from asking for the same commands.
 */
export class StandIn {
  readonly #options: StandInOptions;
  #before: ReadonlySet<number> = new Set();
  #idleLooks = 0;
  #isIn = false;

  constructor(options: StandInOptions) {
    this.#options = options;
  }

  /** A look at what is queued; tells whether to take it. */
  look(queued: ReadonlySet<number>): boolean {
    const gone = [...this.#before].filter((id) => !queued.has(id));
    const areIdle = this.#before.size > 0 && gone.length === 0;
    this.#idleLooks = areIdle ? this.#idleLooks + 1 : 0;
    const { isClaimedHere, log } = this.#options;
    if (!this.#isIn && this.#idleLooks >= LOOKS) {
      this.#isIn = true;
      log.warn('nobody takes what is queued, polling in place of the fallback primary');
    } else if (this.#isIn && gone.some((id) => !isClaimedHere(id))) {
      this.#isIn = false;
      log.info('somebody else takes what is queued, standing back');
    }
    this.#before = new Set(queued);
    return this.#isIn;
  }

  /** Begins anew: the broker is back. */
  reset(): void {
    this.#before = new Set();
    this.#isIn = false;
  }
}
