import type { Command } from '../command.ts';
import type { ActionContext } from './action-context.ts';
import { addressesOf, isTakenOver } from './netboot/address-owner.ts';
import { clearedEntries, pathsOf } from './netboot/boot-loaders.ts';
import { hexOf } from './netboot/boot.ts';
import { findAddress } from './netboot/system-address.ts';
import { TreeChange } from './netboot/tree-change.ts';
import { isThere } from './netboot/tree-files.ts';

/** What clearing needs; `beaker-provision clear-netboot` has no more. */
export type ClearContext = Pick<ActionContext, 'log'> & {
  readonly settings: Pick<ActionContext['settings'], 'tftpRoot'>;
  readonly netboot: Omit<ActionContext['netboot'], 'images'>;
};

/**
 * Makes the system boot from its own disk again: takes away everything that was written for it, by its name, by the address that the name
 * service has for it now, by those under which the tree has it, and by what is remembered from when it was configured. What another system
 * has taken over since stays.
 * @throws CommandFailedError when something cannot be taken away, after which everything is there
 */
export async function clearNetboot(
  { fqdn }: Pick<Command, 'fqdn'>,
  { settings: { tftpRoot }, netboot: { writtenPaths, lookup }, log }: ClearContext,
): Promise<void> {
  const found = await findAddress(fqdn, { log, lookup });
  const remembered = writtenPaths.of(fqdn);
  const present = found.kind === 'known' ? [hexOf(found.address)] : [];
  // The whole tree need not be asked where name service and memory know what is in it.
  const isCertain = present.length > 0 && remembered.length > 0;
  const addresses = isCertain ? present : [...present, ...addressesOf(tftpRoot, fqdn)];
  const paths = [undefined, ...addresses].flatMap((hexIp) => pathsOf({ fqdn, hexIp }));
  const known = new Set([...remembered, ...paths]);
  await takeAway(
    tftpRoot,
    fqdn,
    [...known].filter((path) => !isTakenOver(tftpRoot, path, fqdn)),
  );
  writtenPaths.keepOnly(fqdn, []);
  log.info('netboot cleared', { address: found.kind === 'known' ? found.address : found.reason });
}

async function takeAway(tftpRoot: string, fqdn: string, paths: readonly string[]): Promise<void> {
  const change = new TreeChange(tftpRoot, fqdn);
  try {
    const cleared = clearedEntries(fqdn).filter(({ path }) => isThere(tftpRoot, path));
    for (const entry of cleared) await change.replace(entry);
    for (const path of paths) {
      if (cleared.some((entry) => entry.path === path)) continue;
      // So that no boot file is there without its images at any moment.
      if (path.startsWith('images/')) change.removeLast(path);
      else change.remove(path);
    }
    change.commit();
  } finally {
    change.close();
  }
}
