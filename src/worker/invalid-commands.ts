import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { CommandAlreadyRunError, CommandNotRunningError } from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import { backoffMs, wait } from '../wait.ts';

export interface InvalidCommandsOptions {
  readonly hub: Pick<HubClient, 'markRunning' | 'markFailed'>;
  readonly log: Logger;
}

const BACKOFF = { firstMs: 250, maxMs: 30_000 };

/**
 * Fails commands that the hub lists and nobody can read, so that somebody sees why instead of waiting for them: they would be
 * listed for ever. One that cannot be claimed just now is listed again.
 */
export class InvalidCommands {
  readonly #options: InvalidCommandsOptions;
  readonly #underWay = new Map<number, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: InvalidCommandsOptions) {
    this.#options = options;
  }

  /** Fails the command, unless that is under way. */
  refuse(id: number, problem: string): void {
    if (this.#underWay.has(id) || this.#stopping.signal.aborted) return;
    const refusal = this.#refuse(id, problem).finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, refusal);
  }

  /** Whether the command is just being failed. */
  isUnderWay(id: number): boolean {
    return this.#underWay.has(id);
  }

  /** Refuses nothing new; resolves when what is claimed has been failed, or the hub has not taken it once more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay.values());
  }

  async #refuse(id: number, problem: string): Promise<void> {
    const { hub, log } = this.#options;
    try {
      await hub.markRunning(id);
    } catch (error) {
      if (error instanceof CommandAlreadyRunError) return;
      log.warn('invalid command not claimed yet', { id, reason: describeError(error) });
      return;
    }
    log.error('listed command is invalid', { id, reason: problem });
    await this.#fail(id, `beaker-provision cannot run this command: ${problem}`);
  }

  async #fail(id: number, message: string): Promise<void> {
    const { hub, log } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await hub.markFailed(id, message, false);
        return;
      } catch (error) {
        if (error instanceof CommandNotRunningError) return;
        log.warn('invalid command not failed yet', { id, attempt, reason: describeError(error) });
      }
      if (!(await wait(backoffMs(attempt, BACKOFF), this.#stopping.signal))) return;
    }
  }
}
