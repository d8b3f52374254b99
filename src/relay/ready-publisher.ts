import type { OutgoingMessage } from '../broker/outgoing-message.ts';
import { commandMessage } from '../broker/command-message.ts';
import { UnroutableError } from '../broker/errors.ts';
import { commandQueue } from '../broker/names.ts';
import type { Publisher } from '../broker/publisher.ts';
import type { Command, LaneNames } from '../command.ts';
import { describeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Clock } from '../queue/clock.ts';
import { Gate } from '../queue/gate.ts';
import { backoffMs, type BackoffBounds } from '../wait.ts';
import { WaitingCounts } from './waiting-counts.ts';

export interface ReadyPublisherOptions {
  readonly lab: string;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly clock: Clock;
  /** Between two tries to publish; 250 ms doubling up to 5 s unless given. */
  readonly backoff?: BackoffBounds;
  readonly log: Logger;
}

/**
 * Publishes each command of a lab once it could run at once: when no earlier unfinished command shares a lane with it and its
 * delay and its system's rest are over. Then several workers may compete for the messages, and order still holds.
 */
export class ReadyPublisher {
  readonly #options: ReadyPublisherOptions;
  readonly #gate: Gate;
  readonly #queued = new Map<number, Queued>();
  readonly #waiting = new WaitingCounts();
  /** When the last power command of each system ended, on the clock, by FQDN in lower case; before the start that is not known. */
  readonly #powerEnds = new Map<string, number>();
  #trouble: string | undefined;
  #isStopped = false;

  constructor(options: ReadyPublisherOptions) {
    this.#options = options;
    this.#gate = new Gate({
      onReady: (id) => void this.#publishReady(id),
      lastPowerEnd: (fqdn) => this.#powerEnds.get(fqdn.toLowerCase()),
      clock: options.clock,
    });
  }

  /** Why the broker takes nothing just now; undefined when it does. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Lets a queued command wait for its turn. */
  add(command: Command): void {
    if (this.#isStopped) return;
    this.#remove(command.id);
    this.#queued.set(command.id, { command, attempts: 0, isPublished: false });
    this.#waiting.add(command);
    this.#gate.add(command, this.#options.clock.now());
  }

  /** Closes the lanes of a command that somebody has claimed, published or not. */
  hold(command: LaneNames & { readonly id: number }): void {
    if (this.#isStopped) return;
    this.#remove(command.id);
    this.#gate.hold(command);
  }

  /** Opens the lanes of a command that is over; the rest of system `restOf` begins. */
  ended(id: number, { restOf }: { readonly restOf: string | undefined }): void {
    if (restOf !== undefined) this.#powerEnds.set(restOf.toLowerCase(), this.#options.clock.now());
    this.#remove(id);
    this.#gate.release(id);
  }

  /** Takes commands out, and lets systems rest. All are gone before the first lane opens: else it would open to one of them. */
  forget(ids: readonly number[], restOf: readonly string[] = []): void {
    for (const fqdn of restOf) this.#powerEnds.set(fqdn.toLowerCase(), this.#options.clock.now());
    for (const id of ids) this.#remove(id);
    for (const id of ids) this.#gate.release(id);
  }

  /** Publishes a command once more that has been published and is still queued. */
  async publishAgain(id: number): Promise<void> {
    const queued = this.#queued.get(id);
    if (queued?.isPublished === true) await this.#send(queued);
  }

  /** Whether the command waits here or is published, and nobody is known to have claimed it. */
  has(id: number): boolean {
    return this.#queued.has(id);
  }

  /** The commands that wait here or are published, and that nobody is known to have claimed. */
  queued(): Iterable<{ readonly command: Command; readonly isPublished: boolean }> {
    return this.#queued.values();
  }

  /** How many of them wait here, by lane, and how many are published. */
  counts(): { readonly waiting: WaitingCounts; readonly published: number } {
    return { waiting: this.#waiting, published: this.#queued.size - this.#waiting.total };
  }

  /** Publishes nothing more. */
  stop(): void {
    this.#isStopped = true;
    this.forget([...this.#queued.keys()]);
  }

  async #publishReady(id: number): Promise<void> {
    const queued = this.#queued.get(id);
    if (queued !== undefined && this.#gate.take(id)) await this.#send(queued);
  }

  async #send(queued: Queued): Promise<void> {
    const { lab, publisher, backoff = BACKOFF, log } = this.#options;
    const { id } = queued.command;
    queued.attempts += 1;
    try {
      await publisher.publish(readyMessage(lab, queued.command), { mandatory: true });
      this.#setPublished(queued, true);
      log.debug('command published', { id });
      this.#endTrouble();
    } catch (error) {
      this.#noteTrouble(id, error);
      this.#setPublished(queued, false);
      // A second copy does no harm: whoever has the first has claimed the command.
      const isStillQueued = this.#queued.get(id) === queued;
      if (isStillQueued) this.#gate.putBack(id, backoffMs(queued.attempts, backoff));
    }
  }

  #setPublished(queued: Queued, isPublished: boolean): void {
    const { command } = queued;
    // One that has left meanwhile is not counted any more.
    if (queued.isPublished !== isPublished && this.#queued.get(command.id) === queued) {
      if (isPublished) this.#waiting.remove(command);
      else this.#waiting.add(command);
    }
    queued.isPublished = isPublished;
  }

  #remove(id: number): void {
    const queued = this.#queued.get(id);
    if (queued === undefined) return;
    this.#queued.delete(id);
    if (!queued.isPublished) this.#waiting.remove(queued.command);
  }

  /** Says it once a trouble: with a thousand commands to publish, more would only hide the rest. */
  #noteTrouble(id: number, error: unknown): void {
    const { lab, log } = this.#options;
    const isUnroutable = error instanceof UnroutableError;
    const trouble = isUnroutable ? `there is no queue "${commandQueue(lab)}"` : 'the broker does not confirm';
    if (this.#trouble === trouble || this.#isStopped) return;
    this.#trouble = trouble;
    const facts = { id, reason: describeError(error) };
    if (isUnroutable) {
      const remedy = `start a worker of lab "${lab}", or declare the queue "${commandQueue(lab)}" and its binding`;
      log.error('no queue takes the commands, trying on', { ...facts, remedy });
    } else log.warn('commands not published yet, trying on', facts);
  }

  #endTrouble(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#options.log.info('commands are published again');
  }
}

const BACKOFF = { firstMs: 250, maxMs: 5_000 };

interface Queued {
  readonly command: Command;
  attempts: number;
  isPublished: boolean;
}

/** Delay and rest are over: a worker that does not know the system's history must not begin them again. */
function readyMessage(lab: string, command: Command): OutgoingMessage {
  return commandMessage(lab, { ...command, delayS: 0, quiescentPeriodS: 0 });
}
