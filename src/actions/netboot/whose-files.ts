import { addressOfPath, isSameName, ownerInTree } from './address-owner.ts';
import { hexOf } from './boot.ts';
import type { Lookup } from './name-service.ts';
import { findAddress, type SystemAddress } from './system-address.ts';

/** Whose the boot files are that go by an address. */
export type Verdict =
  /** The system's, as far as the tree has a name at all. */
  | { readonly kind: 'own' }
  /**
   * The address is the system's now; the files name a system that had it before, and is known no more when it `isGone`, as the former spelling of
   * a name whose case was changed.
   */
  | { readonly kind: 'former'; readonly owner: string; readonly isGone: boolean }
  /** Another system's, or perhaps. */
  | { readonly kind: 'other'; readonly owner: string; readonly reason: string };

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

/**
 * Decides for one system whose boot files are. The name service says which system an address is of; a name in the tree counts while that system
 * still has the address.
 */
export class WhoseFiles {
  readonly #options: WhoseFilesOptions;
  /** The name that the tree had, and the verdict, by address. */
  readonly #judged = new Map<string, { readonly owner: string | undefined; readonly verdict: Verdict }>();
  /** The system's addresses in the digits by which its files go. */
  readonly addresses: readonly string[];

  constructor(options: WhoseFilesOptions) {
    this.#options = options;
    this.addresses = hexAddresses(options.found);
  }

  /** Whose the files are that go by the address. */
  async verdictOn(hexIp: string): Promise<Verdict> {
    const known = this.#judged.get(hexIp)?.verdict;
    if (known !== undefined) return known;
    const owner = ownerInTree(this.#options.root, hexIp);
    const verdict = await this.#judge(hexIp, owner);
    this.#judged.set(hexIp, { owner, verdict });
    return verdict;
  }

  /** Whose the file is; the system's own when it goes by no address. */
  async verdictOnPath(path: string): Promise<Verdict> {
    const hexIp = addressOfPath(path, this.#options.fqdn);
    return hexIp === undefined ? { kind: 'own' } : this.verdictOn(hexIp);
  }

  /** Whether the tree still has the name that was judged: looking up names takes time. */
  isAsJudged(path: string): boolean {
    const hexIp = addressOfPath(path, this.#options.fqdn);
    const judged = hexIp === undefined ? undefined : this.#judged.get(hexIp);
    if (hexIp === undefined || judged === undefined) return true;
    const now = ownerInTree(this.#options.root, hexIp);
    return now === undefined || now === judged.owner;
  }

  async #judge(hexIp: string, owner: string | undefined): Promise<Verdict> {
    const { fqdn, lookup, takesOver = false } = this.#options;
    if (owner === undefined || owner === fqdn) return { kind: 'own' };
    if (isSameName(owner, fqdn)) return { kind: 'former', owner, isGone: true };
    const other = (reason: string): Verdict => ({ kind: 'other', owner, reason });
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

function hexAddresses(found: SystemAddress): readonly string[] {
  return found.kind === 'known' ? [found.address, ...found.others].map(hexOf) : [];
}
