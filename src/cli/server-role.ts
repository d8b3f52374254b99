import { runServer } from '../server/run-server.ts';
import { configured } from './configured.ts';
import { dieOnUnhandledErrors } from './last-words.ts';
import type { RoleArguments } from './role-arguments.ts';
import { stopSignals } from './stop-signals.ts';

/** `beaker-provision server`: serves until a signal. */
export async function serverRole(args: RoleArguments): Promise<number> {
  const { config, log } = configured('server', args);
  dieOnUnhandledErrors(log);
  const { stopping } = stopSignals();
  await runServer({ config, stopping, log });
  return 0;
}
