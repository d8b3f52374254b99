import type { OutgoingMessage } from '../broker/outgoing-message.ts';
import type { Publisher } from '../broker/publisher.ts';
import { withDeadline } from '../wait.ts';

export interface AnnouncerOptions {
  readonly publisher: Pick<Publisher, 'publish'>;
  /** What there is to say now; with true, that we leave. */
  readonly announcement: (isLeaving: boolean) => OutgoingMessage;
}

/** Every so often everybody announces itself, whether anything has changed or not. */
const EVERY_MS = 10_000;
/** Changes within this time go together. */
const GATHER_MS = 150;
/** A broker that takes nothing just now does not hold up whoever leaves. */
const GOODBYE_MS = 1_000;

/** Announces somebody to the lab: at intervals, soon after a change, and a last time when it leaves. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #interval: NodeJS.Timeout;
  #soon: NodeJS.Timeout | undefined;
  /** A broker that takes nothing for a while does not get a heap of old news afterwards. */
  #underWay: Promise<void> | undefined;
  #isOutdated = false;
  #hasLeft = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#interval = setInterval(() => this.now(), EVERY_MS);
  }

  /** Something has changed: announces within a moment. */
  changed(): void {
    if (!this.#hasLeft) this.#soon ??= setTimeout(() => this.now(), GATHER_MS);
  }

  /** Announces at once. */
  now(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#hasLeft) return;
    this.#isOutdated = true;
    this.#underWay ??= this.#announceWhileOutdated().finally(() => (this.#underWay = undefined));
  }

  /** Says goodbye, and nothing after that. */
  async stop(): Promise<void> {
    clearInterval(this.#interval);
    clearTimeout(this.#soon);
    this.#hasLeft = true;
    const late = (): Error => new Error('the broker takes no announcement');
    await withDeadline(this.#announce(true), GOODBYE_MS, late).catch(() => undefined);
  }

  async #announceWhileOutdated(): Promise<void> {
    while (this.#isOutdated && !this.#hasLeft) {
      this.#isOutdated = false;
      await this.#announce(false);
    }
  }

  async #announce(isLeaving: boolean): Promise<void> {
    try {
      await this.#options.publisher.publish(this.#options.announcement(isLeaving));
    } catch {
      // There is no session. The next one begins with an announcement.
    }
  }
}
