import { runWorker } from '../worker.ts';
import { configured } from './configured.ts';
import { dieOnUnhandledErrors, endWhenKilled } from './last-words.ts';
import type { RoleArguments, RoleSurroundings } from './role-arguments.ts';

/** How long scripts that are ended, and what else goes on, may take after the second signal. */
const END_MS = 20_000;

/**
 * `beaker-provision worker`: runs until a signal (SIGHUP: look at the hub at once); 0 after an orderly stop, 1 when a second signal, or
 * the end of STOP_TIMEOUT, cut it short.
 */
export async function workerRole(args: RoleArguments, { signals }: RoleSurroundings): Promise<number> {
  const { config, environment, log } = configured('worker', args);
  dieOnUnhandledErrors(log);
  const { stopping, killing } = signals;
  if (stopping.aborted) return 0;
  signals.boundStop(config.stopTimeoutS * 1000);
  endWhenKilled(killing, { afterMs: END_MS, log });
  const onLookNow = (lookNow: () => void): void => signals.onHangUp(lookNow);
  await runWorker({ config, environment, stopping, killing, onLookNow, log });
  return killing.aborted ? 1 : 0;
}
