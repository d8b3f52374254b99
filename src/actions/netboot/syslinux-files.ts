import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { isThere } from './tree-files.ts';

/** Where distributions install syslinux: Debian's PXELINUX and its modules, Fedora's and its kin's in one place. */
const PLACES: readonly (readonly string[])[] = [
  ['/usr/lib/PXELINUX', '/usr/lib/syslinux/modules/bios'],
  ['/usr/share/syslinux'],
  ['/usr/lib/syslinux'],
];

/** The loader; the menu that admins write into `pxelinux.cfg/default`; and what both cannot start without since syslinux 5. */
const FILES = ['pxelinux.0', 'menu.c32', 'ldlinux.c32', 'libutil.c32'];

/**
 * Copies PXELINUX and its menu from the host's syslinux into the TFTP root, where they are missing. All come from one installation, since
 * those of different versions do not work together; what is there is an admin's.
 */
export async function copySyslinuxFiles(tftpRoot: string, log: Logger, places = PLACES): Promise<void> {
  try {
    if (isThere(tftpRoot, 'pxelinux.0') && isThere(tftpRoot, 'menu.c32')) return;
    const place = places.find((directories) => findIn(directories, 'pxelinux.0') !== undefined);
    if (place === undefined) {
      log.debug('no syslinux on this host, PXELINUX is left to the admin', { tftpRoot });
      return;
    }
    for (const name of FILES) {
      const from = findIn(place, name);
      if (from === undefined || isThere(tftpRoot, name)) continue;
      await copyInOne(from, join(tftpRoot, name));
      log.info('boot loader copied', { from, to: join(tftpRoot, name) });
    }
  } catch (error) {
    log.warn('boot loader cannot be copied', { tftpRoot, reason: describeError(error) });
  }
}

function findIn(directories: readonly string[], name: string): string | undefined {
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

async function copyInOne(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  const half = `${to}.${process.pid}`;
  await copyFile(from, half);
  await rename(half, to);
}
