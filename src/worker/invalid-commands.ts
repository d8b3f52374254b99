import type { Outcome } from '../command.ts';
import { boundedText, describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import {
  CommandAlreadyRunError,
  CommandGoneError,
  CommandNotRunningError,
  FAULTS_UNTIL_FINAL,
  WrongLabError,
} from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import { nextForm } from '../report/outcome-forms.ts';
import { isRefusal, tellHub } from '../report/reporter.ts';
import { backoffMs, wait } from '../wait.ts';

export interface InvalidCommandsOptions {
  readonly hub: Pick<HubClient, 'markRunning' | 'markCompleted' | 'markFailed' | 'markAborted'>;
  readonly log: Logger;
}

/** Characters of what is sent and logged. */
const MESSAGE_LENGTH = 1_000;
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
    await this.#fail(id, boundedText(`beaker-provision cannot run this command: ${problem}`, MESSAGE_LENGTH));
  }

  async #fail(id: number, message: string): Promise<void> {
    const { hub, log } = this.#options;
    let outcome: Outcome = { status: 'failed', message, systemBroken: false };
    let refusals = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await tellHub(hub, id, outcome);
        return;
      } catch (error) {
        if (error instanceof CommandNotRunningError) return;
        const reason = boundedText(describeError(error), MESSAGE_LENGTH);
        log[attempt === 1 ? 'warn' : 'debug']('invalid command not failed yet', { id, attempt, reason });
        if (error instanceof WrongLabError || error instanceof CommandGoneError) {
          log.error('outcome refused for good, the command is forgotten', {
            id,
            outcome: outcome.status,
            reason,
          });
          return;
        }
        refusals = isRefusal(error) ? refusals + 1 : refusals;
        if (refusals === FAULTS_UNTIL_FINAL) {
          outcome = nextForm(outcome);
          refusals = 0;
          log.error('outcome refused, it is offered in plainer form', {
            id,
            outcome: outcome.status,
            reason,
          });
        }
      }
      if (!(await wait(backoffMs(attempt, BACKOFF), this.#stopping.signal))) return;
    }
  }
}
