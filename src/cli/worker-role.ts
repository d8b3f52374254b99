import { runWorker } from '../worker.ts';
import { configured } from './configured.ts';
import { dieOnUnhandledErrors } from './last-words.ts';
import type { RoleArguments } from './role-arguments.ts';
import { stopSignals } from './stop-signals.ts';

/** `beaker-provision worker`: runs until a signal (SIGHUP: look at the hub at once); 0 after an orderly stop, 1 when a second signal cut it short. */
export async function workerRole(args: RoleArguments): Promise<number> {
  const { config, environment, log } = configured('worker', args);
  dieOnUnhandledErrors(log);
  const { stopping, killing } = stopSignals();
  const onLookNow = (lookNow: () => void): void => void process.on('SIGHUP', lookNow);
  await runWorker({ config, environment, stopping, killing, onLookNow, log });
  return killing.aborted ? 1 : 0;
}
