import { opendir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { hostName } from '../../command.ts';
import { readRegularFile } from '../../regular-file.ts';

// Written for every system, whatever its architecture: so it tells whose all files are that go by that address.
const WITNESSES = 'pxelinux.cfg';

/** Above what is written here, with the longest options that a hub may send. */
const MAX_WITNESS_BYTES = 1_000_000;

/** How many witnesses are read before the event loop gets its turn: a few milliseconds' worth. */
const SLICE = 200;

/** The system whose boot files go by this address, as the tree has it; undefined when they are of none, or an admin's. */
export function ownerInTree(root: string, hexIp: string): string | undefined {
  try {
    const path = join(root, WITNESSES, hexIp.toUpperCase());
    const text = readRegularFile(path, { maxBytes: MAX_WITNESS_BYTES }).toString('utf8');
    const name = /^ *kernel \S*images\/([^/\s]+)\/kernel$/m.exec(text)?.[1];
    // Others may write there.
    return hostName.safeParse(name).success ? name : undefined;
  } catch {
    return undefined;
  }
}

/** The addresses by which the tree has boot files of the system, whatever the name service says. Reads every witness, slice by slice. */
export async function addressesInTree(root: string, fqdn: string): Promise<readonly string[]> {
  const found: string[] = [];
  let read = 0;
  for await (const name of namesIn(join(root, WITNESSES))) {
    if (!/^[0-9A-F]{8}$/.test(name)) continue;
    if (isSameName(ownerInTree(root, name), fqdn)) found.push(name);
    read += 1;
    if (read % SLICE === 0) await setImmediate();
  }
  return found;
}

/** The address that a file goes by, in upper-case digits; undefined when it is the system's by its name, or goes by no address. */
export function addressOfPath(path: string, fqdn: string): string | undefined {
  if (path.startsWith(`bootloader/${fqdn}/`) || /^(?:images|s390x)\//.test(path)) return undefined;
  return /(?<![0-9a-f])[0-9a-f]{8}(?![0-9a-f])/i.exec(basename(path))?.[0].toUpperCase();
}

/** Names are compared without regard to case. */
export function isSameName(one: string | undefined, other: string): boolean {
  return one?.toLowerCase() === other.toLowerCase();
}

async function* namesIn(dir: string): AsyncIterable<string> {
  try {
    for await (const { name } of await opendir(dir, { bufferSize: 1_000 })) yield name;
  } catch {
    // It is not there, or no directory: then nothing is found in it.
  }
}
