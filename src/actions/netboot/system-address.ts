import { isIPv4 } from 'node:net';
import { CommandFailedError, describeError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { isUnknownName, type Lookup } from './name-service.ts';

/** What the name service says of a system: its addresses, at least one; that it has none; or why it says nothing. */
export type SystemAddress =
  | { readonly kind: 'known'; readonly address: string; readonly others: readonly string[] }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface AddressOptions {
  readonly log: Logger;
  readonly lookup: Lookup;
}

/**
 * The IPv4 address by which boot loaders name a system's files: the first that the name service gives. A name that is an address is taken
 * as it is.
 */
export async function findAddress(
  fqdn: string,
  { lookup }: Pick<AddressOptions, 'lookup'>,
): Promise<SystemAddress> {
  if (isIPv4(fqdn)) return { kind: 'known', address: fqdn, others: [] };
  try {
    const [first, ...others] = await lookup(fqdn, { family: 4, all: true });
    if (first === undefined) return { kind: 'unknown', reason: `${fqdn} has no address` };
    return { kind: 'known', address: first.address, others: others.map(({ address }) => address) };
  } catch (error) {
    return isUnknownName(error)
      ? { kind: 'unknown', reason: `${fqdn} is not known` }
      : { kind: 'unavailable', reason: describeError(error) };
  }
}

/**
 * As `findAddress`, for a system that must have one. Says so in the log when it has several.
 * @throws CommandFailedError saying what the name service says instead
 */
export async function requireAddress(fqdn: string, { log, lookup }: AddressOptions): Promise<string> {
  const found = await findAddress(fqdn, { lookup });
  if (found.kind === 'known') {
    const addresses = [found.address, ...found.others];
    if (addresses.length > 1) log.info('system has several addresses, taking the first', { addresses });
    return found.address;
  }
  const isIpv6Only = found.kind === 'unknown' && (await hasIpv6(fqdn, lookup));
  const reason = isIpv6Only ? `${fqdn} has IPv6 addresses only` : found.reason;
  throw new CommandFailedError(
    `${fqdn}: expected an IPv4 address from the name service, by which boot loaders find their files; ${reason}`,
    { systemBroken: false },
  );
}

async function hasIpv6(fqdn: string, lookup: Lookup): Promise<boolean> {
  try {
    return (await lookup(fqdn, { family: 6, all: true })).length > 0;
  } catch {
    return false;
  }
}
