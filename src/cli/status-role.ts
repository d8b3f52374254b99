import { runStatus } from '../status/run-status.ts';
import { configured } from './configured.ts';
import type { RoleArguments, RoleSurroundings } from './role-arguments.ts';

/** `beaker-provision status`: says who works in the lab, and on what; 1 when it was stopped before it could. */
export async function statusRole(
  args: RoleArguments,
  { signals, output }: RoleSurroundings,
): Promise<number> {
  signals.endByHangUp();
  const { config, log } = configured('status', args);
  const { json, watch } = args;
  const hasShown = await runStatus({
    config,
    json: json === true,
    watch: watch === true,
    out: output.stream,
    signal: AbortSignal.any([signals.stopping, output.gone]),
    log,
  });
  return hasShown || watch === true ? 0 : 1;
}
