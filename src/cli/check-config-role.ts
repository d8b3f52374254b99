import { join } from 'node:path';
import type { LoadedConfig } from '../config/config.ts';
import { renderConfig } from '../config/render-config.ts';
import { missingFor } from '../config/require-for.ts';
import { chooseStarter } from '../process/choose-starter.ts';
import { say } from './complain.ts';
import { loadFor } from './configured.ts';
import type { RoleArguments, RoleSurroundings } from './role-arguments.ts';

/** `beaker-provision check-config`: prints the merged configuration without its secrets. */
export async function checkConfigRole(
  args: RoleArguments,
  { signals, output }: RoleSurroundings,
): Promise<number> {
  signals.endAtOnce();
  const loaded = loadFor(args);
  output.stream.write(`${renderConfig(loaded)}\n`);
  output.stream.write(`\nPower scripts are started by: ${await starterOf(loaded)}\n`);
  const missing = missingFor('worker', loaded.config).map((problem) => `a worker cannot start: ${problem}`);
  say([...missing, ...loaded.warnings.map((warning) => `warning: ${warning}`)]);
  return 0;
}

/** What the worker would use, and why not the quicker one. Makes no files. */
async function starterOf({ config: { processStarter, stateDir } }: LoadedConfig): Promise<string> {
  const { starter, reason } = await chooseStarter(processStarter, join(stateDir, 'pipes'));
  return reason === undefined ? starter.name : `${starter.name} (posix does not work here: ${reason})`;
}
