import { renderConfig } from '../config/render-config.ts';
import { missingFor } from '../config/require-for.ts';
import { loadFor } from './configured.ts';
import type { RoleArguments } from './role-arguments.ts';

/** `beaker-provision check-config`: prints the merged configuration without its secrets. */
export function checkConfigRole(args: RoleArguments): Promise<number> {
  const loaded = loadFor(args);
  console.log(renderConfig(loaded));
  for (const problem of missingFor('worker', loaded.config))
    console.error(`a worker cannot start: ${problem}`);
  for (const warning of loaded.warnings) console.error(`warning: ${warning}`);
  return Promise.resolve(0);
}
