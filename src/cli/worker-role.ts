import { runWorker } from '../worker.ts';
import { configured } from './configured.ts';
import { dieOnUnhandledErrors } from './last-words.ts';
import type { RoleArguments } from './role-arguments.ts';
import { stopSignals } from './stop-signals.ts';

/** `beaker-provision worker`: runs until a signal; 0 after an orderly stop, 1 when a second signal cut it short. */
export async function workerRole(args: RoleArguments): Promise<number> {
  const { config, environment, log } = configured('worker', args);
  dieOnUnhandledErrors(log);
  const { stopping, killing } = stopSignals();
  await runWorker({ config, environment, stopping, killing, log });
  return killing.aborted ? 1 : 0;
}
