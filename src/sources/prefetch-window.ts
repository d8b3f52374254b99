import type { Delivery } from '../delivery.ts';

type HeldDelivery = Pick<Delivery, 'acknowledge' | 'giveBack'>;

export interface PrefetchWindowOptions {
  /** How many undecided deliveries the broker lets us have. */
  readonly size: number;
  /** Whether the command waits for its lane, its delay or its system's rest, and not just for a slot. */
  readonly isBlocked: (commandId: number) => boolean;
  /** How long a delivery may stay undecided. */
  readonly holdLimitMs: number;
}

const LOOK_AGAIN_MS = 100;

/**
 * The deliveries of a session that are not settled.
 *
 * The broker sends no more than a window's worth of them. With nothing but commands for one busy system in the window, the next
 * message, for an idle system, would not even arrive. So when the window is full, those that cannot run now are acknowledged
 * early. The broker forgets them, the hub does not: should this process end, the next poll brings them.
 *
 * A delivery that stays undecided for long goes back to the queue, before the broker loses patience and closes the channel.
 */
export class PrefetchWindow {
  readonly #options: PrefetchWindowOptions;
  readonly #held = new Map<HeldDelivery, Holding>();
  #lookAgain: NodeJS.Timeout | undefined;

  constructor(options: PrefetchWindowOptions) {
    this.#options = options;
  }

  /** Holds a delivery until it is removed; without a command it only takes up room. */
  add(delivery: HeldDelivery, commandId: number | undefined): void {
    const timer = setTimeout(() => delivery.giveBack(), this.#options.holdLimitMs);
    this.#held.set(delivery, { commandId, timer });
  }

  remove(delivery: HeldDelivery): void {
    clearTimeout(this.#held.get(delivery)?.timer);
    this.#held.delete(delivery);
  }

  /** Makes room, if the window is full and some of its commands are blocked; looks again for as long as it stays full. */
  makeRoom(): void {
    clearTimeout(this.#lookAgain);
    if (this.#held.size < this.#options.size) return;
    for (const [delivery, { commandId }] of [...this.#held]) {
      if (commandId !== undefined && this.#options.isBlocked(commandId)) delivery.acknowledge();
    }
    this.#lookAgain = setTimeout(() => this.makeRoom(), LOOK_AGAIN_MS);
  }

  /** Forgets everything: the session is over, and the broker delivers again. */
  clear(): void {
    clearTimeout(this.#lookAgain);
    for (const { timer } of this.#held.values()) clearTimeout(timer);
    this.#held.clear();
  }
}

interface Holding {
  readonly commandId: number | undefined;
  readonly timer: NodeJS.Timeout;
}
