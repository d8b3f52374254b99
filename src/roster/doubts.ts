import { randomUUID } from 'node:crypto';
import type { Roster, Whose } from './roster.ts';

export interface DoubtsOptions {
  readonly roster: Pick<Roster, 'whose' | 'wentRoundAt'>;
  /** Asks all other workers, who name the token in their answers. */
  readonly ask: (token: string) => void;
  /** How long a doubt may stay open, in milliseconds, while others can be heard; after that the command counts as another's. */
  readonly graceMs: number;
  /** In milliseconds, by the roster's clock. */
  readonly now: () => number;
}

/** One question serves all doubts that arose before it: hundreds, when a hub loses its answers. */
const BETWEEN_QUESTIONS_MS = 1_000;

interface Question {
  readonly token: string;
  readonly askedAt: number;
}

/** The commands that this worker asked the hub for without hearing the answer, and what the others say about them. */
export class Doubts {
  readonly #options: DoubtsOptions;
  /** When each doubt arose, and when somebody last asked about it. */
  readonly #doubts = new Map<number, { readonly since: number; askedAt: number }>();
  #questions: readonly Question[] = [];

  constructor(options: DoubtsOptions) {
    this.#options = options;
  }

  /** Whose the command is, as far as that can be told by now; asks the others as long as it cannot. */
  whose(id: number): Whose {
    const { roster, graceMs, now } = this.#options;
    const doubt = this.#doubts.get(id) ?? { since: now(), askedAt: now() };
    doubt.askedAt = now();
    this.#doubts.set(id, doubt);
    const { since } = doubt;
    const questions = this.#questions.filter(({ askedAt }) => askedAt >= since).map(({ token }) => token);
    let whose = roster.whose(id, questions);
    const wentRoundAt = roster.wentRoundAt(questions);
    // Nobody takes it then, and the fallback primary will abort it: rather that than doing it twice.
    if (whose === 'unsure' && wentRoundAt !== undefined && now() - wentRoundAt >= graceMs) whose = 'theirs';
    if (whose === 'unsure') this.#ask();
    else this.#doubts.delete(id);
    return whose;
  }

  #ask(): void {
    const { ask, now } = this.#options;
    const last = this.#questions.at(-1);
    if (last !== undefined && now() - last.askedAt < BETWEEN_QUESTIONS_MS) return;
    this.#forgetOld();
    const oldest = Math.min(...[...this.#doubts.values()].map(({ since }) => since));
    const token = randomUUID();
    const open = this.#questions.filter(({ askedAt }) => askedAt >= oldest);
    this.#questions = [...open, { token, askedAt: now() }];
    ask(token);
  }

  /** Doubts that ended in another way: the hub says that the command does not run, or refuses it. */
  #forgetOld(): void {
    for (const [id, { askedAt }] of this.#doubts) {
      if (this.#options.now() - askedAt > FORGOTTEN_MS) this.#doubts.delete(id);
    }
  }
}

/** Longer than anybody waits who asks again. */
const FORGOTTEN_MS = 600_000;
