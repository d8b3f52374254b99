import { runRelay } from '../relay/run-relay.ts';
import { configured } from './configured.ts';
import { dieOnUnhandledErrors } from './last-words.ts';
import type { RoleArguments } from './role-arguments.ts';
import { stopSignals } from './stop-signals.ts';

/** `beaker-provision relay`: publishes until a signal. */
export async function relayRole(args: RoleArguments): Promise<number> {
  const { config, environment, log } = configured('relay', args);
  dieOnUnhandledErrors(log);
  const { stopping } = stopSignals();
  await runRelay({ config, environment, stopping, log });
  return 0;
}
