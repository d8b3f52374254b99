import type { Channel, ConfirmChannel } from 'amqplib';
import { withDeadline } from '../wait.ts';
import type { Connection } from './connect.ts';

/** A cheap round trip to the broker; rejects when what the session needs is no longer there. */
export type Probe = () => Promise<void>;

/**
 * One connection and its channels, living and dying together: whatever goes wrong with any of them ends the session, once,
 * with the first reason. Nothing of it is ever repaired; the supervisor opens another.
 */
export class Session {
  readonly #connection: Connection;
  readonly #over = new AbortController();
  readonly #channels: Channel[] = [];
  #heardAt = performance.now();
  #isBlocked = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    const { model } = connection;
    model.on('error', (error: Error) => this.fail(error));
    model.on('close', (error?: Error) => this.fail(error ?? new Error('the connection was closed')));
    model.on('blocked', () => (this.#isBlocked = true));
    model.on('unblocked', () => (this.#isBlocked = false));
  }

  /** Aborted, with the reason, as soon as the session is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** When the broker was last heard of, on the clock of `performance.now()`. */
  get lastSignOfLifeAt(): number {
    return this.#heardAt;
  }

  /** Whether the broker has stopped reading from this connection, being short of memory or disk. */
  get isBlocked(): boolean {
    return this.#isBlocked;
  }

  /** A channel whose end is the end of the session. */
  async openChannel(): Promise<Channel> {
    return this.#watch(await this.#connection.model.createChannel());
  }

  /** A channel with publisher confirms, whose end is the end of the session. */
  async openConfirmChannel(): Promise<ConfirmChannel> {
    return this.#watch(await this.#connection.model.createConfirmChannel());
  }

  /** A channel for questions to which "no such thing" is an answer: its death, which that brings, is nobody else's. */
  async openScratchChannel(): Promise<Channel> {
    const channel = await this.#connection.model.createChannel();
    return channel.on('error', () => undefined);
  }

  /** Calls `listener` when the broker reads from this connection again. */
  onUnblocked(listener: () => void): void {
    this.#connection.model.on('unblocked', listener);
  }

  /** Ends the session. */
  fail(reason: unknown): void {
    this.#over.abort(reason);
  }

  /**
   * Asks every `intervalMs` for a sign of life, and ends the session when none comes within the same time: a peer that is
   * silent, without the connection being closed, is noticed sooner than by two heartbeats.
   */
  keepProbing(probe: Probe, intervalMs: number): void {
    const timer = setInterval(() => void this.#probeOnce(probe, intervalMs), intervalMs);
    this.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** Says goodbye to the broker, waiting for its answers no longer than `timeoutMs`, and lets go of the socket. */
  async close(timeoutMs: number): Promise<void> {
    try {
      await withDeadline(this.#goodbye(), timeoutMs, () => new Error('no answer to the close'));
    } catch {
      // It is over in any case.
    } finally {
      this.destroy();
    }
  }

  /** Lets go of the socket at once. */
  destroy(): void {
    this.#connection.destroy();
  }

  // The close of a connection overtakes what is still buffered for its channels (acknowledgements); the close of a channel does not.
  async #goodbye(): Promise<void> {
    for (const channel of this.#channels) await channel.close();
    await this.#connection.model.close();
  }

  async #probeOnce(probe: Probe, timeoutMs: number): Promise<void> {
    // A broker that does not read does not answer either. Then only heartbeats, which it still sends, tell life from death.
    if (this.#isBlocked) return;
    const silent = (): Error => new Error(`the broker is silent: no answer within ${timeoutMs} ms`);
    try {
      await withDeadline(probe(), timeoutMs, silent);
      this.#heard();
    } catch (error) {
      if (!this.isBlocked) this.fail(error);
    }
  }

  #watch<T extends Channel>(channel: T): T {
    channel.on('error', (error: Error) => this.fail(error));
    // A connection that ends closes its channels first and says why after that: the better reason goes before this one.
    channel.on('close', () => queueMicrotask(() => this.fail(new Error('a channel was closed'))));
    for (const event of ['delivery', 'ack', 'nack', 'return']) channel.on(event, () => this.#heard());
    this.#channels.push(channel);
    this.#heard();
    return channel;
  }

  #heard(): void {
    this.#heardAt = performance.now();
  }
}
