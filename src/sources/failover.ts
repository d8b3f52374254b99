import type { Logger } from '../logger.ts';

/** Where commands come from just now: pushed by the broker, or polled from the hub. */
export type Mode = 'push' | 'polling';

export interface FailoverOptions {
  /** How long the broker may be away, in milliseconds since its last sign of life, before polling begins. */
  readonly fallbackDelayMs: number;
  readonly onMode: (mode: Mode) => void;
  readonly log: Logger;
}

/**
 * Decides between push and polling from the comings and goings of the broker. A broker that is back before the delay is over
 * changes nothing, however often that happens.
 */
export class Failover {
  readonly #options: FailoverOptions;
  #mode: Mode | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: FailoverOptions) {
    this.#options = options;
  }

  /** Undefined until the broker has come, or has had its time to. */
  get mode(): Mode | undefined {
    return this.#mode;
  }

  /** Begins to wait for the broker. */
  start(): void {
    this.#pollIn(this.#options.fallbackDelayMs, 'the broker has not answered yet');
  }

  brokerUp(): void {
    clearTimeout(this.#timer);
    this.#change('push', 'the broker delivers');
  }

  /** `lastSignOfLifeAt` is on the clock of `performance.now()`: a broker found dead has been silent for some time already. */
  brokerDown(reason: string, lastSignOfLifeAt: number): void {
    const silentMs = performance.now() - lastSignOfLifeAt;
    this.#pollIn(Math.max(0, this.#options.fallbackDelayMs - silentMs), reason);
  }

  /** Decides nothing more, whatever becomes of the broker. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #pollIn(ms: number, reason: string): void {
    clearTimeout(this.#timer);
    if (!this.#isStopped) this.#timer = setTimeout(() => this.#change('polling', reason), ms);
  }

  #change(mode: Mode, reason: string): void {
    if (mode === this.#mode || this.#isStopped) return;
    this.#mode = mode;
    const { log, onMode } = this.#options;
    if (mode === 'push') log.info('taking pushed commands', { reason });
    else log.warn('broker is away, polling the hub', { reason });
    onMode(mode);
  }
}
