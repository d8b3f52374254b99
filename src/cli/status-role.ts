import { runStatus } from '../status/run-status.ts';
import { configured } from './configured.ts';
import type { RoleArguments, RoleSurroundings } from './role-arguments.ts';

/** `beaker-provision status`: says who works in the lab, and on what. */
export async function statusRole(
  args: RoleArguments,
  { signals, output }: RoleSurroundings,
): Promise<number> {
  signals.endByHangUp();
  const { config, log } = configured('status', args);
  const { json, watch } = args;
  await runStatus({
    config,
    json: json === true,
    watch: watch === true,
    out: output.stream,
    signal: AbortSignal.any([signals.stopping, output.gone]),
    log,
  });
  return 0;
}
