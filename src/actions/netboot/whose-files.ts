import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { addressOfPath, isSameName, ownerInTree, ownerOfFile } from './address-owner.ts';
import { hexOf } from './boot.ts';
import { linksAt } from './boot-loaders.ts';
import type { Lookup } from './name-service.ts';
import { findAddress, type SystemAddress } from './system-address.ts';
import { isThere } from './tree-files.ts';

/** Whose the boot files are that go by an address. */
export type Verdict =
  /** The system's, as far as the tree has a name at all. */
  | { readonly kind: 'own' }
  /**
   * The address is the system's now; the files name a system that had it before, and is known no more when it `isGone`, as the former spelling of
   * a name whose case was changed.
   */
  | { readonly kind: 'former'; readonly owner: string; readonly isGone: boolean }
  /** Another system's, or perhaps; or an admin's. */
  | { readonly kind: 'other'; readonly reason: string };

export interface WhoseFilesOptions {
  /** TFTP_ROOT. */
  readonly root: string;
  readonly fqdn: string;
  /** What the name service says of the system. */
  readonly found: SystemAddress;
  readonly lookup: Lookup;
  /** Whether the system is about to boot by these addresses, so that what goes by them is its own whatever other system has them as well. */
  readonly takesOver?: boolean;
}

/** What a path that goes by an address holds. */
interface BootFile {
  /** Whether it is of the form in which it is written here. */
  readonly isAsWritten: boolean;
  /** The system that it boots, if it says so. */
  readonly owner: string | undefined;
}

/**
 * Decides for one system whose boot files are. Each file says itself which system it boots; one that says nothing of it was not written here. The name
 * service says which system an address is of; a name in the tree counts while that system still has the address.
 */
export class WhoseFiles {
  readonly #options: WhoseFilesOptions;
  readonly #verdicts = new Map<string, Promise<Verdict>>();
  /** What was there when it was judged, by path. */
  readonly #judged = new Map<string, BootFile>();
  /** The system's addresses in the digits by which its files go. */
  readonly addresses: readonly string[];

  constructor(options: WhoseFilesOptions) {
    this.#options = options;
    this.addresses = hexAddresses(options.found);
  }

  /** Whose the files are that go by the address. */
  verdictOn(hexIp: string): Promise<Verdict> {
    return this.#verdict(hexIp, ownerInTree(this.#options.root, hexIp));
  }

  /** Whose the file is; the system's own when it goes by no address. */
  async verdictOnPath(path: string): Promise<Verdict> {
    const hexIp = addressOfPath(path);
    if (hexIp === undefined) return { kind: 'own' };
    const found = bootFile(this.#options.root, path, hexIp);
    this.#judged.set(path, found);
    return found.isAsWritten ? this.#verdict(hexIp, found.owner) : NOT_WRITTEN_HERE;
  }

  /** Whether the path still has what was judged: looking up names takes time. */
  isAsJudged(path: string): boolean {
    const { root } = this.#options;
    const hexIp = addressOfPath(path);
    const judged = this.#judged.get(path);
    if (hexIp === undefined || judged === undefined || !isThere(root, path)) return true;
    return isDeepStrictEqual(bootFile(root, path, hexIp), judged);
  }

  #verdict(hexIp: string, owner: string | undefined): Promise<Verdict> {
    const key = `${hexIp} ${owner ?? ''}`;
    const verdict = this.#verdicts.get(key) ?? this.#judge(hexIp, owner);
    this.#verdicts.set(key, verdict);
    return verdict;
  }

  async #judge(hexIp: string, owner: string | undefined): Promise<Verdict> {
    const { fqdn, lookup, takesOver = false } = this.#options;
    if (owner === undefined || owner === fqdn) return { kind: 'own' };
    if (isSameName(owner, fqdn)) return { kind: 'former', owner, isGone: true };
    const other = (reason: string): Verdict => ({ kind: 'other', reason });
    if (!this.addresses.includes(hexIp)) return other(`the tree has them as files of ${owner}`);
    const found = await findAddress(owner, { lookup });
    if (found.kind === 'unknown') return { kind: 'former', owner, isGone: true };
    if (takesOver) return { kind: 'former', owner, isGone: false };
    if (found.kind === 'unavailable') {
      return other(`the tree has them as files of ${owner}, whose address is not known: ${found.reason}`);
    }
    if (hexAddresses(found).includes(hexIp)) return other(`${owner} has that address as well`);
    return { kind: 'former', owner, isGone: false };
  }
}

const NOT_WRITTEN_HERE: Verdict = {
  kind: 'other',
  reason: 'the file is not as it is written here: an admin has made it',
};

/** A link names no system: its system is that of the files at the address. */
function bootFile(root: string, path: string, hexIp: string): BootFile {
  const target = linkTarget(join(root, path));
  if (target !== undefined) {
    return { isAsWritten: linksAt(hexIp).get(path) === target, owner: ownerInTree(root, hexIp) };
  }
  const owner = ownerOfFile(root, path);
  return { isAsWritten: owner !== undefined, owner };
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function hexAddresses(found: SystemAddress): readonly string[] {
  return found.kind === 'known' ? [found.address, ...found.others].map(hexOf) : [];
}
