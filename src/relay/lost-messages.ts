import type { Command } from '../command.ts';
import type { Clock } from '../queue/clock.ts';
import type { Roster } from '../roster/roster.ts';

export interface LostMessagesOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly roster: Pick<Roster, 'inHand'>;
}

/** So long a published command may be in nobody's hand; then twice as long, and so on: one that always ends up among the dead letters. */
const MISSED_MS = 30_000;
const MOST_DOUBLINGS = 10;

/** Tells which messages seem to be lost: their commands are published, and no worker has had them in hand for a while. */
export class LostMessages {
  readonly #options: LostMessagesOptions;
  #missedSince = new Map<number, number>();
  #published = new Map<number, number>();

  constructor(options: LostMessagesOptions) {
    this.#options = options;
  }

  /** Looks at what is queued at the hub; gives the ids of the lost. */
  among(queued: Iterable<{ readonly command: Command; readonly isPublished: boolean }>): readonly number[] {
    const { clock, roster } = this.#options;
    const inHand = roster.inHand();
    const missed = [...queued].filter(({ command, isPublished }) => isPublished && !inHand.has(command.id));
    this.#missedSince = new Map(
      missed.map(({ command: { id } }) => [id, this.#missedSince.get(id) ?? clock.now()]),
    );
    this.#published = new Map([...this.#published].filter(([id]) => this.#missedSince.has(id)));
    return [...this.#missedSince]
      .filter(([id, since]) => clock.now() - since >= MISSED_MS * 2 ** (this.#published.get(id) ?? 0))
      .map(([id]) => id);
  }

  /** These are published again: begins anew for them. */
  forget(ids: readonly number[]): void {
    for (const id of ids) {
      this.#missedSince.set(id, this.#options.clock.now());
      this.#published.set(id, Math.min(MOST_DOUBLINGS, (this.#published.get(id) ?? 0) + 1));
    }
  }
}
