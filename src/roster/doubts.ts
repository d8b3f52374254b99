import { randomUUID } from 'node:crypto';
import type { Doubt, Roster, Whose } from './roster.ts';

export interface DoubtsOptions {
  readonly roster: Pick<Roster, 'whose'>;
  /** Asks all other workers, who name the token in their answers. */
  readonly ask: (token: string) => void;
  /** How long a doubt may stay open, in milliseconds; after that the command counts as another's. */
  readonly graceMs: number;
}

/** The commands that this worker asked the hub for without hearing the answer, and what the others say about them. */
export class Doubts {
  readonly #options: DoubtsOptions;
  readonly #doubts = new Map<number, Doubt>();

  constructor(options: DoubtsOptions) {
    this.#options = options;
  }

  /** Whose the command is, as far as that can be told by now; asks the others as long as it cannot. */
  whose(id: number): Whose {
    const { roster, ask, graceMs } = this.#options;
    const doubt = this.#doubts.get(id) ?? { token: randomUUID(), askedAt: Date.now() };
    this.#doubts.set(id, doubt);
    let whose = roster.whose(id, doubt);
    // Nobody takes it then, and the fallback primary will abort it: rather that than doing it twice.
    if (whose === 'unsure' && Date.now() - doubt.askedAt >= graceMs) whose = 'theirs';
    if (whose === 'unsure') ask(doubt.token);
    else this.#doubts.delete(id);
    return whose;
  }
}
