import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

// Written for every system, whatever its architecture: so it tells whose all files are that go by that address.
const WITNESSES = 'pxelinux.cfg';

/** The addresses by which boot files of the system are in the tree, whatever the name service says. */
export function addressesOf(root: string, fqdn: string): readonly string[] {
  return witnesses(root).filter((hexIp) => isSame(ownerOf(root, hexIp), fqdn));
}

/** Whether a file goes by an address that is another system's by now. */
export function isTakenOver(root: string, path: string, fqdn: string): boolean {
  if (path.includes(fqdn)) return false;
  const hexIp = /(?<![0-9a-f])[0-9a-f]{8}(?![0-9a-f])/i.exec(basename(path))?.[0];
  const owner = hexIp === undefined ? undefined : ownerOf(root, hexIp);
  return owner !== undefined && !isSame(owner, fqdn);
}

/** The system whose boot files go by this address just now; undefined when it is nobody's, or an admin's. */
function ownerOf(root: string, hexIp: string): string | undefined {
  try {
    const text = readFileSync(join(root, WITNESSES, hexIp.toUpperCase()), 'utf8');
    return /^ *kernel \S*images\/([^/\s]+)\/kernel$/m.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

function witnesses(root: string): readonly string[] {
  try {
    return readdirSync(join(root, WITNESSES)).filter((name) => /^[0-9A-F]{8}$/.test(name));
  } catch {
    return [];
  }
}

function isSame(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}
