import { runStatus } from '../status/run-status.ts';
import { configured } from './configured.ts';
import type { RoleArguments } from './role-arguments.ts';
import { stopSignals } from './stop-signals.ts';

/** `beaker-provision status`: says who works in the lab, and on what. */
export async function statusRole(args: RoleArguments): Promise<number> {
  const { config, log } = configured('status', args);
  const { stopping } = stopSignals();
  const { json, watch } = args;
  await runStatus({
    config,
    json: json === true,
    watch: watch === true,
    out: process.stdout,
    signal: stopping,
    log,
  });
  return 0;
}
