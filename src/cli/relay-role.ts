import { runRelay } from '../relay/run-relay.ts';
import { configured } from './configured.ts';
import { dieOnUnhandledErrors, endWhenKilled } from './last-words.ts';
import type { RoleArguments, RoleSurroundings } from './role-arguments.ts';

/** `beaker-provision relay`: publishes until a signal; 0 after an orderly stop, 1 when a second signal cut it short. */
export async function relayRole(args: RoleArguments, { signals }: RoleSurroundings): Promise<number> {
  const { config, environment, log } = configured('relay', args);
  dieOnUnhandledErrors(log);
  const { stopping, killing } = signals;
  if (stopping.aborted) return 0;
  endWhenKilled(killing, { afterMs: 0, log });
  await runRelay({ config, environment, stopping, log });
  return 0;
}
