import type { Logger } from '../logger.ts';
import type { Roster } from '../roster/roster.ts';
import { steadyNow } from '../steady-clock.ts';

export interface RelayWatchOptions {
  readonly roster: Pick<Roster, 'relays' | 'isSilent' | 'listeningSince'>;
  readonly onChange: () => void;
  readonly log: Logger;
}

const LOOK_MS = 2_000;
/** One relay takes over from another in less. */
const MISSED_MS = 30_000;

/** Notices that the lab had a relay and has none that leads any more, so that nothing is pushed although the broker is there. */
export class RelayWatch {
  readonly #options: RelayWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #ledAt: number | undefined;
  #areMissed = false;

  constructor(options: RelayWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  get areMissed(): boolean {
    return this.#areMissed;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { roster, onChange, log } = this.#options;
    // Listening is enough: a broker under a memory alarm brings nothing, and then nothing is pushed either.
    if (roster.listeningSince === undefined) return;
    const leads = roster.relays().some((heard) => heard.last.isLeading && !roster.isSilent(heard));
    if (leads) this.#ledAt = steadyNow();
    const since = Math.max(this.#ledAt ?? Infinity, roster.listeningSince);
    const areMissed = !leads && steadyNow() - since >= MISSED_MS;
    if (areMissed === this.#areMissed) return;
    this.#areMissed = areMissed;
    if (areMissed) log.warn('no relay leads any more, polling the hub beside the broker');
    else log.info('a relay leads again');
    onChange();
  }
}
