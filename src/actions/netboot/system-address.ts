import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { isIPv4 } from 'node:net';
import { CommandFailedError, describeError, errorCode } from '../../errors.ts';
import type { Logger } from '../../logger.ts';

/** All addresses of one family that the host's name service, /etc/hosts included, gives for a name. */
export type Lookup = (name: string, options: { family: 4 | 6; all: true }) => Promise<LookupAddress[]>;

/** What the name service says of a system: its address, that it has none, or why it says nothing. */
export type SystemAddress =
  | { readonly kind: 'known'; readonly address: string }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface AddressOptions {
  readonly log: Logger;
  readonly lookup?: Lookup | undefined;
}

/**
 * The IPv4 address by which boot loaders name a system's files: the first that the name service gives. A name that is an address is taken
 * as it is.
 */
export async function findAddress(
  fqdn: string,
  { log, lookup = systemLookup }: AddressOptions,
): Promise<SystemAddress> {
  if (isIPv4(fqdn)) return { kind: 'known', address: fqdn };
  try {
    const [first, ...others] = await lookup(fqdn, { family: 4, all: true });
    if (first === undefined) return { kind: 'unknown', reason: `${fqdn} has no address` };
    if (others.length > 0) {
      log.info('system has several addresses, taking the first', {
        addresses: [first, ...others].map(({ address }) => address),
      });
    }
    return { kind: 'known', address: first.address };
  } catch (error) {
    if (!NO_SUCH_NAME.has(errorCode(error) ?? ''))
      return { kind: 'unavailable', reason: describeError(error) };
    return {
      kind: 'unknown',
      reason: (await hasIpv6(fqdn, lookup)) ? `${fqdn} has IPv6 addresses only` : `${fqdn} is not known`,
    };
  }
}

/**
 * As `findAddress`, for a system that must have one.
 * @throws CommandFailedError saying what the name service says instead
 */
export async function requireAddress(fqdn: string, options: AddressOptions): Promise<string> {
  const found = await findAddress(fqdn, options);
  if (found.kind === 'known') return found.address;
  throw new CommandFailedError(
    `${fqdn}: expected an IPv4 address from the name service, by which boot loaders find their files; ${found.reason}`,
    { systemBroken: false },
  );
}

const NO_SUCH_NAME = new Set(['ENOTFOUND', 'ENODATA', 'EAI_NODATA', 'EAI_NONAME']);

async function hasIpv6(fqdn: string, lookup: Lookup): Promise<boolean> {
  try {
    return (await lookup(fqdn, { family: 6, all: true })).length > 0;
  } catch {
    return false;
  }
}
