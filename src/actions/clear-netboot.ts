import type { Command } from '../command.ts';
import type { ActionContext } from './action-context.ts';
import { addressesInTree } from './netboot/address-owner.ts';
import { clearedEntries, defaultsOf, directoriesOf, pathsOf } from './netboot/boot-loaders.ts';
import {
  judgeRemoval,
  type LeftFile,
  type Removal,
  removeDefaults,
  removeDirectories,
  removePaths,
  tellLeft,
} from './netboot/removal.ts';
import { isForWantOfRoom, removeAtOnce } from './netboot/remove-at-once.ts';
import { findAddress, type SystemAddress } from './netboot/system-address.ts';
import { TreeChange } from './netboot/tree-change.ts';
import { isThere, isUpToDate } from './netboot/tree-files.ts';
import { WhoseFiles } from './netboot/whose-files.ts';

/** What clearing needs; `beaker-provision clear-netboot` has no more. */
export type ClearContext = Pick<ActionContext, 'log' | 'onLeft'> & {
  readonly settings: Pick<ActionContext['settings'], 'tftpRoot'>;
  readonly netboot: Omit<ActionContext['netboot'], 'images'>;
};

/**
 * Makes the system boot from its own disk again: takes away everything that was written for it, by its name, by the addresses that the name
 * service has for it now, by those under which the tree has it, and by what is remembered from when it was configured; with it what a system
 * left that had the address before. What is another system's stays, and when the name service does not answer, all that is not remembered.
 * What stays is said in log and outcome.
 * @throws CommandFailedError when something cannot be taken away, after which everything is there, but on a full disk
 */
export async function clearNetboot({ fqdn }: Pick<Command, 'fqdn'>, context: ClearContext): Promise<void> {
  const { settings, netboot, log } = context;
  const { tftpRoot } = settings;
  const { writtenPaths, lookup } = netboot;
  const found = await findAddress(fqdn, { lookup });
  const whose = new WhoseFiles({ root: tftpRoot, fqdn, found, lookup });
  const remembered = writtenPaths.of(fqdn);
  const written = [...remembered, ...(await writtenFor(fqdn, { tftpRoot, found, whose, remembered }))];
  const isCertain = found.kind !== 'unavailable';
  const removal = await judgeRemoval(tftpRoot, isCertain ? written : remembered, whose);
  if (isCertain || remembered.length > 0) await takeAway(fqdn, { tftpRoot, removal, whose });
  const names = [fqdn, ...removal.goneNames];
  for (const name of names) writtenPaths.keepOnly(name, []);
  const notAsked = isCertain ? [] : unanswered(tftpRoot, written, found.reason);
  tellLeft([...removal.left, ...notAsked], context);
  log.info('netboot cleared', {
    address: found.kind === 'known' ? found.address : found.reason,
    ...(removal.goneNames.length > 0 && { formerNames: removal.goneNames }),
  });
}

/** What any boot of the system may have written, by all that name service and tree say. */
async function writtenFor(
  fqdn: string,
  { tftpRoot, found, whose, remembered }: Judging,
): Promise<readonly string[]> {
  // The whole tree need not be asked where name service and memory know what is in it. Of what another worker did since, memory knows nothing.
  const isKnown = found.kind === 'known' && isUpToDate(tftpRoot, remembered);
  const addresses = isKnown
    ? whose.addresses
    : [...whose.addresses, ...(await addressesInTree(tftpRoot, fqdn))];
  return [undefined, ...addresses].flatMap((hexIp) => pathsOf({ fqdn, hexIp }));
}

interface Judging {
  readonly tftpRoot: string;
  readonly found: SystemAddress;
  readonly whose: WhoseFiles;
  readonly remembered: readonly string[];
}

interface TakingAway {
  readonly tftpRoot: string;
  readonly removal: Removal;
  readonly whose: WhoseFiles;
  /** Of the system, and of those that are gone. */
  readonly names: readonly string[];
}

async function takeAway(
  fqdn: string,
  { tftpRoot, removal, whose }: Omit<TakingAway, 'names'>,
): Promise<void> {
  const names = [fqdn, ...removal.goneNames];
  const defaults = names.flatMap(defaultsOf).map(({ path }) => path);
  const mayBeThere = [...removal.paths, ...defaults, ...names.flatMap(directoriesOf)];
  if (!mayBeThere.some((path) => isThere(tftpRoot, path))) return;
  const takingAway = { tftpRoot, removal, whose, names };
  try {
    await changeTree(takingAway);
  } catch (error) {
    if (!isForWantOfRoom(error)) throw error;
    // Else the machine would install itself for as long as the disk is full.
    removeAtOnce(
      tftpRoot,
      removal.paths.filter((path) => whose.isAsJudged(path)),
    );
    await changeTree(takingAway);
  }
}

async function changeTree({ tftpRoot, removal, whose, names }: TakingAway): Promise<void> {
  const change = new TreeChange(tftpRoot);
  try {
    const cleared = names.flatMap(clearedEntries).filter(({ path }) => removal.paths.includes(path));
    for (const entry of cleared) await change.replace(entry);
    const replaced = new Set(cleared.map(({ path }) => path));
    removePaths(
      change,
      removal.paths.filter((path) => !replaced.has(path)),
      whose,
    );
    for (const name of names) {
      removeDefaults(change, tftpRoot, name);
      removeDirectories(change, name);
    }
    change.commit();
  } finally {
    change.close();
  }
}

/** What is there, and may be the system's. */
function unanswered(tftpRoot: string, written: readonly string[], reason: string): readonly LeftFile[] {
  const why = `the name service does not answer, only what this worker wrote is cleared: ${reason}`;
  return [...new Set(written)]
    .filter((path) => isThere(tftpRoot, path))
    .map((path) => ({ path, reason: why }));
}
