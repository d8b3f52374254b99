import type { OutgoingMessage } from '../broker/outgoing-message.ts';
import { commandMessage } from '../broker/command-message.ts';
import type { Publisher } from '../broker/publisher.ts';
import type { Command } from '../command.ts';
import { describeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Clock } from '../queue/clock.ts';
import { beginsRest } from '../queue/earliest-start.ts';
import { Gate } from '../queue/gate.ts';
import { backoffMs, type BackoffBounds } from '../wait.ts';
import type { CommandRecord } from './command-record.ts';

export interface ReadyPublisherOptions {
  readonly lab: string;
  readonly publisher: Pick<Publisher, 'publish'>;
  /** When the last power command of each system ended, by FQDN in lower case: what is known at the start. */
  readonly lastPowerEnds: ReadonlyMap<string, number>;
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
  readonly #powerEnds: Map<string, number>;
  #isStopped = false;

  constructor(options: ReadyPublisherOptions) {
    this.#options = options;
    this.#powerEnds = new Map(options.lastPowerEnds);
    this.#gate = new Gate({
      onReady: (id) => void this.#publish(id),
      lastPowerEnd: (fqdn) => this.#powerEnds.get(fqdn.toLowerCase()),
      clock: options.clock,
    });
  }

  /** Takes a change of a command into account; also what there is at the start, by id, is told in this way. */
  changed({ command, status, startedAtMs }: CommandRecord): void {
    if (this.#isStopped) return;
    switch (status) {
      case 'Queued':
        this.#queued.set(command.id, { command, attempts: 0 });
        this.#gate.add(command, this.#options.clock.now());
        return;
      case 'Running':
        // Claimed by whoever polled it before it was published, perhaps.
        this.#queued.delete(command.id);
        this.#gate.hold(command);
        return;
      case 'Completed':
      case 'Failed':
      case 'Aborted':
        // One that was cancelled has switched nothing.
        if (startedAtMs !== undefined && beginsRest(command)) {
          this.#powerEnds.set(command.fqdn.toLowerCase(), this.#options.clock.now());
        }
        this.#queued.delete(command.id);
        this.#gate.release(command.id);
    }
  }

  /** Publishes nothing more. */
  stop(): void {
    this.#isStopped = true;
    const ids = [...this.#queued.keys()];
    // All at once: as each leaves its lanes the next becomes ready.
    this.#queued.clear();
    for (const id of ids) this.#gate.release(id);
  }

  async #publish(id: number): Promise<void> {
    const { lab, publisher, backoff = BACKOFF, log } = this.#options;
    const queued = this.#queued.get(id);
    if (queued === undefined || !this.#gate.take(id)) return;
    queued.attempts += 1;
    try {
      await publisher.publish(readyMessage(lab, queued.command), { mandatory: true });
      log.debug('command published', { id });
    } catch (error) {
      // A second copy does no harm: whoever has the first has claimed the command.
      log.warn('command not published yet', { id, attempt: queued.attempts, reason: describeError(error) });
      const isStillQueued = this.#queued.get(id) === queued;
      if (isStillQueued) this.#gate.putBack(id, backoffMs(queued.attempts, backoff));
    }
  }
}

const BACKOFF = { firstMs: 250, maxMs: 5_000 };

interface Queued {
  readonly command: Command;
  attempts: number;
}

/** Delay and rest are over: a worker that does not know the system's history must not begin them again. */
function readyMessage(lab: string, command: Command): OutgoingMessage {
  return commandMessage(lab, { ...command, delayS: 0, quiescentPeriodS: 0 });
}
