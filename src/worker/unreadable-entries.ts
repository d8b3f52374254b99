import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import { CommandGoneError, CommandNotRunningError, WrongLabError } from '../hub/hub-errors.ts';
import type { Logger } from '../logger.ts';
import { endGroups } from '../process/end-group.ts';
import type { HubCheck } from '../report/hub-check.ts';
import type { Journal } from '../report/journal.ts';
import { backoffMs, wait } from '../wait.ts';
import { runMarker } from './run-command.ts';

export interface UnreadableEntriesOptions {
  readonly hub: Pick<HubClient, 'markAborted'>;
  readonly journal: Pick<Journal, 'identity' | 'unreadable' | 'unreadableAborted'>;
  readonly check: Pick<HubCheck, 'passed'>;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

const BACKOFF = { firstMs: 500, maxMs: 30_000 };

/**
 * Aborts the commands whose entries in the journal could not be read, each with the reason, once nothing of them runs any more; until
 * `signal` is aborted. What is left is done after the next start.
 */
export async function abortUnreadable(options: UnreadableEntriesOptions): Promise<void> {
  await Promise.all(options.journal.unreadable().map(({ id, reason }) => abortOne(id, reason, options)));
}

async function abortOne(id: number, reason: string, options: UnreadableEntriesOptions): Promise<void> {
  const { hub, journal, check, signal, log } = options;
  for (let attempt = 1; !signal.aborted; attempt += 1) {
    try {
      await check.passed();
      await endGroups([{ group: undefined, marker: runMarker(journal, id) }], { signal });
      await hub.markAborted(id, `The worker lost what it knew of the command: ${reason}`);
      log.warn('command of an unreadable journal entry aborted', { id });
      journal.unreadableAborted(id);
      return;
    } catch (error) {
      if (isOver(error)) {
        journal.unreadableAborted(id);
        return;
      }
      const level = attempt === 1 ? 'warn' : 'debug';
      log[level]('command of an unreadable journal entry not aborted yet', {
        id,
        reason: describeError(error),
      });
    }
    await wait(backoffMs(attempt, BACKOFF), signal);
  }
}

/** The hub has not given it to us, or it has ended, or the hub takes nothing of it from this lab. */
function isOver(error: unknown): boolean {
  return (
    error instanceof CommandNotRunningError ||
    error instanceof CommandGoneError ||
    error instanceof WrongLabError
  );
}
