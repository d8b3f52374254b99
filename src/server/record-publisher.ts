import { beginsRest } from '../queue/earliest-start.ts';
import { ReadyPublisher, type ReadyPublisherOptions } from '../relay/ready-publisher.ts';
import type { CommandRecord } from './command-record.ts';

export type RecordPublisherOptions = ReadyPublisherOptions;

/** Publishes the commands of this hub's own store, each once it could run at once, as their records change. */
export class RecordPublisher {
  readonly #ready: ReadyPublisher;

  constructor(options: RecordPublisherOptions) {
    this.#ready = new ReadyPublisher(options);
  }

  /** Takes a change of a command into account; also what there is at the start, by id, is told in this way. */
  changed({ command, status, startedAtMs }: CommandRecord): void {
    switch (status) {
      case 'Queued':
        this.#ready.add(command);
        return;
      case 'Running':
        // Claimed by whoever polled it before it was published, perhaps.
        this.#ready.hold(command);
        return;
      case 'Completed':
      case 'Failed':
      case 'Aborted': {
        // One that was cancelled has switched nothing.
        const beganRest = startedAtMs !== undefined && beginsRest(command);
        this.#ready.ended(command.id, { restOf: beganRest ? command.fqdn : undefined });
      }
    }
  }

  /** Publishes nothing more. */
  stop(): void {
    this.#ready.stop();
  }
}
