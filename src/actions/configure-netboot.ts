import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, NetbootSettings } from '../command.ts';
import { CommandFailedError, describeError } from '../errors.ts';
import type { ActionContext } from './action-context.ts';
import { addressesInTree } from './netboot/address-owner.ts';
import { clearedEntries, entriesFor, imagesFor, pathsOf } from './netboot/boot-loaders.ts';
import { type Boot, describeBoot, imagePaths } from './netboot/boot.ts';
import {
  judgeRemoval,
  type Removal,
  removeDefaults,
  removeDirectories,
  removePaths,
  tellLeft,
} from './netboot/removal.ts';
import { requireAddress } from './netboot/system-address.ts';
import { TreeChange } from './netboot/tree-change.ts';
import { isThere, isUpToDate } from './netboot/tree-files.ts';
import { trustedWay } from './netboot/trusted-way.ts';
import { WhoseFiles } from './netboot/whose-files.ts';

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
  const { own, shared, defaults, leftOut } = entriesFor(boot);
  const change = new TreeChange(settings.tftpRoot);
  try {
    await placeImages(change, boot, netboot, context);
    for (const entry of own) await change.replace(entry);
    for (const entry of [...shared, ...defaults]) await change.addIfMissing(entry);
    const written = [...own, ...imagesFor(boot)].map(({ path }) => path);
    const leftovers = await findLeftovers(boot, address, { written, context });
    await removeLeftovers(change, leftovers, { boot, root: settings.tftpRoot });
    parts.writtenPaths.add(fqdn, written);
    change.commit();
    remember(parts.writtenPaths, { fqdn, written, goneNames: leftovers.goneNames });
    tellLeft(leftovers.left, context);
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
  const maxBytes = settings.imageMaxMb * 1_000_000;
  const ready = treeImages(settings.tftpRoot, boot.fqdn, distroTreeId);
  // Without one of them the others are of no use.
  const failed = new AbortController();
  const signal = AbortSignal.any([stopping, failed.signal]);
  const placed = imagesFor(boot).map(async ({ path, url }) => {
    const from = ready.get(path);
    try {
      if (from !== undefined) {
        await change.image(path, from, maxBytes);
        return;
      }
      await netboot.images.withImage(url, { signal, log }, (image) => change.image(path, image, maxBytes));
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
  const images: [string, string][] = [
    [kernel, `distrotrees/${distroTreeId}/kernel`],
    [initrd, `distrotrees/${distroTreeId}/initrd`],
  ];
  if (!images.every(([, path]) => existsSync(join(root, path)))) return new Map();
  return new Map(images.map(([to, from]) => [to, wayTo(from, root)]));
}

/** Others may write there: behind a link of theirs may be a file that no TFTP server is to hand out. */
function wayTo(image: string, root: string): string {
  try {
    return trustedWay(root, image);
  } catch (error) {
    throw new CommandFailedError(`cannot use ${join(root, image)}: ${describeError(error)}`, {
      systemBroken: false,
      cause: error,
    });
  }
}

interface Leftovers extends Removal {
  readonly whose: WhoseFiles;
}

/**
 * What an earlier boot made for the system and this one does not: of another architecture, another address, another loader; and all that goes by
 * its address, also when another system had that address before.
 */
async function findLeftovers(
  { fqdn, hexIp }: Boot,
  address: string,
  { written, context }: { written: readonly string[]; context: ActionContext },
): Promise<Leftovers> {
  const { tftpRoot: root } = context.settings;
  const { writtenPaths, lookup } = context.netboot;
  const found = { kind: 'known', address, others: [] } as const;
  const whose = new WhoseFiles({ root, fqdn, found, lookup, takesOver: true });
  const remembered = writtenPaths.of(fqdn);
  // Then another worker has configured it, or Beaker has; else the whole tree need not be asked.
  const isForgotten = !isUpToDate(root, remembered) && isThere(root, `images/${fqdn}`);
  const addresses = [hexIp, ...(isForgotten ? await addressesInTree(root, fqdn) : [])];
  const known = [...remembered, ...addresses.flatMap((one) => pathsOf({ fqdn, hexIp: one }))];
  const wanted = new Set(written);
  const candidates = known.filter((path) => !wanted.has(path));
  return { ...(await judgeRemoval(root, candidates, whose)), whose };
}

async function removeLeftovers(
  change: TreeChange,
  { paths, goneNames, whose }: Leftovers,
  { boot, root }: { boot: Boot; root: string },
): Promise<void> {
  const cleared = goneNames.flatMap(clearedEntries).filter(({ path }) => paths.includes(path));
  for (const entry of cleared) await change.replace(entry);
  const replaced = new Set(cleared.map(({ path }) => path));
  removePaths(
    change,
    paths.filter((path) => !replaced.has(path)),
    whose,
  );
  for (const name of goneNames) removeDefaults(change, root, name);
  if (boot.ownLoader === undefined) removeDefaults(change, root, boot.fqdn);
  for (const name of [boot.fqdn, ...goneNames]) removeDirectories(change, name);
}

function remember(
  writtenPaths: ActionContext['netboot']['writtenPaths'],
  { fqdn, written, goneNames }: { fqdn: string; written: readonly string[]; goneNames: readonly string[] },
): void {
  for (const name of goneNames) writtenPaths.keepOnly(name, []);
  // Last: a former name may be the same but for its case, of which memory knows nothing.
  writtenPaths.keepOnly(fqdn, written);
}
