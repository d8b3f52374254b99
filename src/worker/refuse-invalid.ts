import { describeError } from '../errors.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';

export interface RefuseOptions {
  readonly hub: Pick<HubClient, 'markRunning' | 'markFailed'>;
  readonly log: Logger;
}

/**
 * Fails a command that the hub lists and nobody can read, so that somebody sees why instead of waiting for it: it would be
 * listed for ever. What goes wrong here is logged; a command that is left running is aborted as an orphan.
 */
export async function refuseInvalid(id: number, problem: string, { hub, log }: RefuseOptions): Promise<void> {
  log.error('listed command is invalid', { id, reason: problem });
  try {
    await hub.markRunning(id);
    await hub.markFailed(id, `beaker-provision cannot run this command: ${problem}`, false);
  } catch (error) {
    log.warn('invalid command not failed', { id, reason: describeError(error) });
  }
}
