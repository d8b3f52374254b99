import type { Command } from '../command.ts';
import type { Logger } from '../logger.ts';
import { areAlive, type Survivor } from '../process/survivors-error.ts';
import { steadyNow } from '../steady-clock.ts';
import type { Troubles } from '../troubles.ts';
import { wait } from '../wait.ts';

/** For how long the lanes of a command wait for processes that cannot be killed, in milliseconds: longer than a BMC or PDU takes to answer. */
export const SURVIVORS_HOLD_MS = 600_000;

const LOOK_MS = 1_000;

export interface SurvivorsOptions {
  readonly troubles: Pick<Troubles, 'set' | 'clear'>;
  /** Ends all waiting: the worker stops. */
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly holdMs?: number;
}

/**
 * Processes of failed commands that cannot be killed and may still switch their system. The command's outcome is reported at once; its
 * lanes stay closed in this worker while a process lives, for at most ten minutes.
 */
export class Survivors {
  readonly #options: SurvivorsOptions;
  readonly #byCommand = new Map<number, readonly Survivor[]>();

  constructor(options: SurvivorsOptions) {
    this.#options = options;
  }

  /** These processes of the command cannot be killed. */
  add(id: number, survivors: readonly Survivor[]): void {
    this.#byCommand.set(id, survivors);
  }

  /** Resolves when no process of the command is left, after ten minutes, or at the stop. At once for a command without survivors. */
  async gone({ id, fqdn }: Pick<Command, 'id' | 'fqdn'>): Promise<void> {
    const survivors = this.#byCommand.get(id);
    if (survivors === undefined) return;
    const { troubles, signal, log, holdMs = SURVIVORS_HOLD_MS } = this.#options;
    const pids = survivors.map(({ pid }) => pid).join(', ');
    const key = `survivors of ${id}`;
    troubles.set(
      key,
      `processes ${pids} of command ${id} cannot be killed; the lanes of ${fqdn} wait for their end`,
    );
    const endAt = steadyNow() + holdMs;
    while (areAlive(survivors) && steadyNow() < endAt && (await wait(LOOK_MS, signal)));
    if (areAlive(survivors))
      log.error('lanes open beside a process that cannot be killed', { id, fqdn, pids });
    troubles.clear(key);
    this.#byCommand.delete(id);
  }
}
