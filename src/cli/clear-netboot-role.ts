import { clearNetboot } from '../actions/clear-netboot.ts';
import { isThere } from '../actions/netboot/tree-files.ts';
import { hostName } from '../command.ts';
import { ConfigError } from '../errors.ts';
import { openWrittenPaths } from '../report/written-paths.ts';
import { configured } from './configured.ts';
import { refuseUnderSudo } from './refuse-under-sudo.ts';
import type { RoleArguments, RoleSurroundings } from './role-arguments.ts';

/**
 * `beaker-provision clear-netboot FQDN`: clears a system's netboot at once, without hub and broker; 1 when it cannot. For other daemons of
 * the lab controller, which may run it through sudo: nobody can have more cleared by it than systems that were configured.
 */
export async function clearNetbootRole(args: RoleArguments, { signals }: RoleSurroundings): Promise<number> {
  signals.endAtOnce();
  refuseUnderSudo(args, ['fqdn']);
  const fqdn = systemOf(args);
  const { config, log } = configured('clear-netboot', args);
  const { tftpRoot, stateDir } = config;
  if (!isThere(tftpRoot, `images/${fqdn}`)) {
    throw new Error(
      `${fqdn}: expected a system whose netboot is configured, found no ${tftpRoot}/images/${fqdn}; nothing is cleared`,
    );
  }
  const written = openWrittenPaths(stateDir);
  try {
    const writtenPaths = written?.paths ?? NOTHING_WRITTEN;
    await clearNetboot({ fqdn }, { settings: { tftpRoot }, netboot: { writtenPaths }, log });
  } finally {
    written?.close();
  }
  return 0;
}

const NOTHING_WRITTEN = { of: () => [], add: () => undefined, keepOnly: () => undefined };

function systemOf({ fqdn }: RoleArguments): string {
  const parsed = hostName.safeParse(fqdn);
  if (parsed.success) return parsed.data;
  throw new ConfigError([`clear-netboot: expected the name of a system, found ${JSON.stringify(fqdn)}`]);
}
