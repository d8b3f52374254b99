import { renderConfig } from '../config/render-config.ts';
import { missingFor } from '../config/require-for.ts';
import { say } from './complain.ts';
import { loadFor } from './configured.ts';
import type { RoleArguments, RoleSurroundings } from './role-arguments.ts';

/** `beaker-provision check-config`: prints the merged configuration without its secrets. */
export function checkConfigRole(args: RoleArguments, { signals, output }: RoleSurroundings): Promise<number> {
  signals.endAtOnce();
  const loaded = loadFor(args);
  output.stream.write(`${renderConfig(loaded)}\n`);
  const missing = missingFor('worker', loaded.config).map((problem) => `a worker cannot start: ${problem}`);
  say([...missing, ...loaded.warnings.map((warning) => `warning: ${warning}`)]);
  return Promise.resolve(0);
}
