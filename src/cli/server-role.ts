import { runServer } from '../server/run-server.ts';
import { configured } from './configured.ts';
import { dieOnUnhandledErrors, endWhenKilled } from './last-words.ts';
import type { RoleArguments, RoleSurroundings } from './role-arguments.ts';

/** `beaker-provision server`: serves until a signal; 0 after an orderly stop, 1 when a second signal cut it short. */
export async function serverRole(args: RoleArguments, { signals }: RoleSurroundings): Promise<number> {
  const { config, log } = configured('server', args);
  dieOnUnhandledErrors(log);
  const { stopping, killing } = signals;
  if (stopping.aborted) return 0;
  endWhenKilled(killing, { afterMs: 0, log });
  await runServer({ config, stopping, log });
  return 0;
}
