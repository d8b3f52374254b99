import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, NetbootSettings } from '../command.ts';
import { CommandFailedError } from '../errors.ts';
import type { ActionContext } from './action-context.ts';
import { addressesOf, isTakenOver } from './netboot/address-owner.ts';
import { entriesFor, imagesFor, pathsOf } from './netboot/boot-loaders.ts';
import { type Boot, describeBoot, imagePaths } from './netboot/boot.ts';
import { requireAddress } from './netboot/system-address.ts';
import { filesAt, isThere } from './netboot/tree-files.ts';
import { TreeChange } from './netboot/tree-change.ts';

/**
 * Makes the system boot into its installer, by whatever loader it asks for: images first, from the tree or from where they are
 * fetched, then the files of all boot loaders, then all at once into the tree. What was written for the system before is gone.
 * @throws CommandFailedError after which the tree is as it was before, never blaming the system; InterruptedError when a stop came
 * while images were being fetched
 */
export async function configureNetboot({ fqdn, netboot }: Command, context: ActionContext): Promise<void> {
  if (netboot === undefined) {
    throw new CommandFailedError(`${fqdn}: expected a kernel and an initrd to boot, found none`, {
      systemBroken: false,
    });
  }
  const { settings, netboot: parts, log } = context;
  const address = await requireAddress(fqdn, { log, lookup: parts.lookup });
  const boot = describeBoot(netboot, { fqdn, address, zpxeUsesFtp: settings.zpxeUseFtp });
  const { own, shared, leftOut } = entriesFor(boot);
  const change = new TreeChange(settings.tftpRoot, fqdn);
  try {
    await placeImages(change, boot, netboot, context);
    for (const entry of own) await change.replace(entry);
    for (const entry of shared) await change.addIfMissing(entry);
    const written = [...own, ...imagesFor(boot)].map(({ path }) => path);
    for (const path of leftovers(boot, written, context)) change.remove(path);
    parts.writtenPaths.add(fqdn, written);
    change.commit();
    parts.writtenPaths.keepOnly(fqdn, written);
    log.info('netboot configured', { address, arch: boot.arch, ...(leftOut.length > 0 && { leftOut }) });
  } finally {
    change.close();
  }
}

async function placeImages(
  change: TreeChange,
  boot: Boot,
  { distroTreeId }: NetbootSettings,
  { settings, netboot, stopping, log }: ActionContext,
): Promise<void> {
  const ready = treeImages(settings.tftpRoot, boot.fqdn, distroTreeId);
  // Without one of them the others are of no use.
  const failed = new AbortController();
  const signal = AbortSignal.any([stopping, failed.signal]);
  const placed = imagesFor(boot).map(async ({ path, url }) => {
    const from = ready.get(path);
    try {
      if (from !== undefined) {
        await change.image(path, from);
        return;
      }
      await netboot.images.withImage(url, { signal, log }, (image) => change.image(path, image));
      return;
    } catch (error) {
      failed.abort(error);
    }
  });
  // All of them settle before the staging directory may go.
  await Promise.all(placed);
  failed.signal.throwIfAborted();
}

/** The images of a distro tree that an admin has put below the root, kernel and initrd or neither, by the path that they go to. */
function treeImages(
  root: string,
  fqdn: string,
  distroTreeId: number | undefined,
): ReadonlyMap<string, string> {
  if (distroTreeId === undefined) return new Map();
  const { kernel, initrd } = imagePaths(fqdn);
  const from = (name: string): string => join(root, 'distrotrees', String(distroTreeId), name);
  const images: [string, string][] = [
    [kernel, from('kernel')],
    [initrd, from('initrd')],
  ];
  return images.every(([, path]) => existsSync(path)) ? new Map(images) : new Map();
}

/** What an earlier boot made for the system and this one does not: of another architecture, another address, another loader. */
function leftovers(
  { fqdn, hexIp }: Boot,
  written: readonly string[],
  { settings, netboot }: ActionContext,
): readonly string[] {
  const wanted = new Set(written);
  const { tftpRoot } = settings;
  const remembered = netboot.writtenPaths.of(fqdn);
  // Then another worker has configured it, or Beaker has; else the whole tree need not be asked.
  const isForgotten = remembered.length === 0 && isThere(tftpRoot, `images/${fqdn}`);
  const addresses = [hexIp, ...(isForgotten ? addressesOf(tftpRoot, fqdn) : [])];
  const known = [...remembered, ...addresses.flatMap((address) => pathsOf({ fqdn, hexIp: address }))];
  const there = new Set(known.flatMap((path) => filesAt(tftpRoot, path)));
  return [...there].filter((path) => !wanted.has(path) && !isTakenOver(tftpRoot, path, fqdn));
}
