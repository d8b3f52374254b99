import type { OutgoingMessage } from '../broker/outgoing-message.ts';
import type { Publisher } from '../broker/publisher.ts';

export interface AnnouncerOptions {
  readonly publisher: Pick<Publisher, 'publish'>;
  /** What there is to say now; with true, that we leave. */
  readonly announcement: (isLeaving: boolean) => OutgoingMessage;
}

/** Every so often everybody announces itself, whether anything has changed or not. */
const EVERY_MS = 10_000;
/** Changes within this time go together. */
const GATHER_MS = 150;

/** Announces somebody to the lab: at intervals, soon after a change, and a last time when it leaves. */
export class Announcer {
  readonly #options: AnnouncerOptions;
  readonly #interval: NodeJS.Timeout;
  #soon: NodeJS.Timeout | undefined;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#interval = setInterval(() => this.now(), EVERY_MS);
  }

  /** Something has changed: announces within a moment. */
  changed(): void {
    this.#soon ??= setTimeout(() => this.now(), GATHER_MS);
  }

  /** Announces at once. */
  now(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    void this.#announce(false);
  }

  /** Says goodbye, and nothing after that. */
  async stop(): Promise<void> {
    clearInterval(this.#interval);
    clearTimeout(this.#soon);
    await this.#announce(true);
  }

  async #announce(isLeaving: boolean): Promise<void> {
    try {
      await this.#options.publisher.publish(this.#options.announcement(isLeaving));
    } catch {
      // There is no session. The next one begins with an announcement.
    }
  }
}
