import type { Command } from '../command.ts';
import { CommandFailedError } from '../errors.ts';
import type { ActionContext } from './action-context.ts';
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
 * service has for it now, and by what is remembered from when it was configured.
 * @throws CommandFailedError when something cannot be taken away, after which everything is there; or when files may be there that only
 * the name service could name, and it does not answer
 */
export async function clearNetboot(
  { fqdn }: Pick<Command, 'fqdn'>,
  { settings: { tftpRoot }, netboot: { writtenPaths, lookup }, log }: ClearContext,
): Promise<void> {
  const found = await findAddress(fqdn, { log, lookup });
  const remembered = writtenPaths.of(fqdn);
  const hexIp = found.kind === 'known' ? hexOf(found.address) : undefined;
  const paths = [...new Set([...remembered, ...pathsOf({ fqdn, hexIp })])];
  const wasConfigured = paths.some((path) => isThere(tftpRoot, path));
  await takeAway(tftpRoot, fqdn, paths);
  writtenPaths.keepOnly(fqdn, []);
  log.info('netboot cleared', { address: found.kind === 'known' ? found.address : found.reason });
  if (found.kind === 'unavailable' && remembered.length === 0 && wasConfigured) {
    throw new CommandFailedError(
      `${fqdn}: boot files that go by its address may be left in ${tftpRoot}, since the name service does not say it (${found.reason}); ` +
        'clear it again when it does',
      { systemBroken: false },
    );
  }
}

async function takeAway(tftpRoot: string, fqdn: string, paths: readonly string[]): Promise<void> {
  const change = new TreeChange(tftpRoot, fqdn);
  try {
    const cleared = clearedEntries(fqdn).filter(({ path }) => isThere(tftpRoot, path));
    for (const entry of cleared) await change.replace(entry);
    for (const path of bootFilesFirst(paths)) {
      if (!cleared.some((entry) => entry.path === path)) change.remove(path);
    }
    change.commit();
  } finally {
    change.close();
  }
}

/** So that no boot file is there without its images at any moment. */
function bootFilesFirst(paths: readonly string[]): readonly string[] {
  const isImage = (path: string): boolean => path.startsWith('images/');
  return [...paths.filter((path) => !isImage(path)), ...paths.filter(isImage)];
}
