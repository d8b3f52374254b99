import { clearNetboot } from '../actions/clear-netboot.ts';
import { ownerInTree } from '../actions/netboot/address-owner.ts';
import { hexOf } from '../actions/netboot/boot.ts';
import { type Lookup, NameService, threadsForLookups } from '../actions/netboot/name-service.ts';
import { findAddress } from '../actions/netboot/system-address.ts';
import { isThere } from '../actions/netboot/tree-files.ts';
import { hostName } from '../command.ts';
import { ConfigError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { openWrittenPaths } from '../report/written-paths.ts';
import { configured } from './configured.ts';
import { refuseUnderSudo } from './refuse-under-sudo.ts';
import type { RoleArguments, RoleSurroundings } from './role-arguments.ts';

/**
 * `beaker-provision clear-netboot FQDN`: clears a system's netboot at once, without hub and broker; 1 when it cannot. For other daemons of
 * the lab controller, which may run it through sudo: only systems that were configured are cleared by it. For others it does nothing, and says
 * nothing: Beaker's proxy takes that for a success.
 */
export async function clearNetbootRole(args: RoleArguments, { signals }: RoleSurroundings): Promise<number> {
  signals.endAtOnce();
  refuseUnderSudo(args, ['fqdn']);
  const fqdn = systemOf(args);
  const { config, environment, log: logOfRole } = configured('clear-netboot', args);
  const log = logOfRole.child({ fqdn });
  const { tftpRoot, stateDir } = config;
  const { lookup } = new NameService({ threads: threadsForLookups(environment) });
  const written = openWrittenPaths(stateDir, log);
  try {
    const writtenPaths = written?.paths ?? NOTHING_WRITTEN;
    const isConfigured =
      isThere(tftpRoot, `images/${fqdn}`) ||
      writtenPaths.of(fqdn).length > 0 ||
      (await isBootedAtAddress(fqdn, { tftpRoot, lookup, log }));
    if (!isConfigured) return 0;
    // What is left is in the log, which goes to standard error here.
    const onLeft = (): void => undefined;
    await clearNetboot({ fqdn }, { settings: { tftpRoot }, netboot: { writtenPaths, lookup }, log, onLeft });
  } finally {
    written?.close();
  }
  return 0;
}

/** Whether the tree has boot files at an address of the system, if only by a name that it had before. */
async function isBootedAtAddress(
  fqdn: string,
  { tftpRoot, lookup, log }: { tftpRoot: string; lookup: Lookup; log: Logger },
): Promise<boolean> {
  const found = await findAddress(fqdn, { lookup });
  if (found.kind === 'unavailable') {
    log.warn('nothing is cleared by address, the name service does not answer', { reason: found.reason });
  }
  if (found.kind !== 'known') return false;
  return [found.address, ...found.others].some(
    (address) => ownerInTree(tftpRoot, hexOf(address)) !== undefined,
  );
}

const NOTHING_WRITTEN = { of: () => [], add: () => undefined, keepOnly: () => undefined };

function systemOf({ fqdn }: RoleArguments): string {
  const parsed = hostName.safeParse(fqdn);
  if (parsed.success) return parsed.data;
  throw new ConfigError([`clear-netboot: expected the name of a system, found ${JSON.stringify(fqdn)}`]);
}
