import { isEnd } from '../queue-client/follow-commands.ts';
import type { QueuedCommand, QueueRequest } from '../queue-client/server-client.ts';

/** How commands reach the worker just now. */
export type Mode = 'push' | 'polling';

/** A command of the show and what the server says of it; times in milliseconds since the epoch. */
export interface BoardCommand {
  readonly id: number;
  readonly fqdn: string;
  readonly action: string;
  readonly delayS: number;
  /** How commands reached the worker when this one was queued. */
  readonly mode: Mode;
  readonly status: QueuedCommand['status'];
  readonly message: string;
  readonly queuedAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
}

/** All commands of the show, as the server last told. */
export class Board {
  readonly #commands = new Map<number, BoardCommand>();
  #seq = 0;

  /** The number of the last change that is taken in. */
  get seq(): number {
    return this.#seq;
  }

  /** All commands, by id. */
  get commands(): readonly BoardCommand[] {
    return [...this.#commands.values()];
  }

  get ids(): readonly number[] {
    return [...this.#commands.keys()];
  }

  /** Whether every command has ended. */
  get isQuiet(): boolean {
    return this.commands.every((command) => command.finishedAtMs !== undefined);
  }

  /** Takes in what has just been queued. */
  queued(ids: readonly number[], requests: readonly QueueRequest[], mode: Mode): void {
    for (const [index, { fqdn, action, delay: delayS = 0 }] of requests.entries()) {
      const id = ids[index];
      if (id === undefined)
        throw new Error(`expected ${requests.length} ids from the server, found ${index}`);
      const times = { queuedAtMs: Date.now(), startedAtMs: undefined, finishedAtMs: undefined };
      this.#commands.set(id, { id, fqdn, action, delayS, mode, status: 'Queued', message: '', ...times });
    }
  }

  /** Takes in what has changed at the server; gives the commands that have ended with that. */
  changed(changes: readonly QueuedCommand[]): readonly BoardCommand[] {
    const ended: BoardCommand[] = [];
    for (const change of changes) {
      this.#seq = Math.max(this.#seq, change.seq);
      const known = this.#commands.get(change.id);
      if (known === undefined) continue;
      const command = {
        ...known,
        status: change.status,
        message: change.message ?? '',
        queuedAtMs: Date.parse(change.queued_at),
        startedAtMs: timeOf(change.started_at),
        finishedAtMs: timeOf(change.finished_at),
      };
      this.#commands.set(change.id, command);
      if (isEnd(change)) ended.push(command);
    }
    return ended;
  }
}

function timeOf(text: string | null): number | undefined {
  return text === null ? undefined : Date.parse(text);
}
