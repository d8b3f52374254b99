import { opendir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { hostName } from '../../command.ts';
import { readRegularFile } from '../../regular-file.ts';

/** Files of these boot loaders are written whatever the architecture, yaboot's whatever the options: so they tell whose all files are that go by an address. */
const WITNESSES = [
  { directory: 'pxelinux.cfg', nameOf: (hexIp: string): string => hexIp, isName: /^[0-9A-F]{8}$/ },
  { directory: 'etc', nameOf: (hexIp: string): string => hexIp.toLowerCase(), isName: /^[0-9a-f]{8}$/ },
];

/** Above what is written here, with the longest options that a hub may send. */
const MAX_BOOT_FILE_BYTES = 1_000_000;

/** How many witnesses are read before the event loop gets its turn: a few milliseconds' worth. */
const SLICE = 200;

/** How each boot loader's file begins to say what is booted: `kernel`, `linux` (`linuxefi`), `image=`. */
const BOOTED = /^ *(?:kernel +|linux\w* +|image=)\S*images\/([^/\s]+)\/kernel(?=\s|$)/m;

/** The system whose kernel the boot file boots; undefined when it is not of the form in which they are written here: an admin's. */
export function ownerOfFile(root: string, path: string): string | undefined {
  try {
    const text = readRegularFile(join(root, path), { maxBytes: MAX_BOOT_FILE_BYTES }).toString('utf8');
    const name = BOOTED.exec(text)?.[1];
    // Others may write there.
    return hostName.safeParse(name).success ? name : undefined;
  } catch {
    return undefined;
  }
}

/** The system whose boot files go by this address, as the tree has it; undefined when they are of none, or an admin's. */
export function ownerInTree(root: string, hexIp: string): string | undefined {
  for (const { directory, nameOf } of WITNESSES) {
    const owner = ownerOfFile(root, `${directory}/${nameOf(hexIp)}`);
    if (owner !== undefined) return owner;
  }
  return undefined;
}

/** The addresses by which the tree has boot files of the system, whatever the name service says. Reads every witness, slice by slice. */
export async function addressesInTree(root: string, fqdn: string): Promise<readonly string[]> {
  const found = new Set<string>();
  let read = 0;
  for (const { directory, isName } of WITNESSES) {
    for await (const name of namesIn(join(root, directory))) {
      if (!isName.test(name)) continue;
      if (isSameName(ownerOfFile(root, `${directory}/${name}`), fqdn)) found.add(name.toUpperCase());
      read += 1;
      if (read % SLICE === 0) await setImmediate();
    }
  }
  return [...found];
}

/** The address that a file goes by, in upper-case digits; undefined when it goes by no address. */
export function addressOfPath(path: string): string | undefined {
  if (/^(?:images|s390x)\//.test(path)) return undefined;
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
