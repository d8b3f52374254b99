import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describeError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { copyFile } from './link-or-copy.ts';
import { makeStaging } from './staging.ts';
import { isThere } from './tree-files.ts';

/** Where distributions install syslinux: Debian's PXELINUX and its modules, Fedora's and its kin's in one place. */
const PLACES: readonly (readonly string[])[] = [
  ['/usr/lib/PXELINUX', '/usr/lib/syslinux/modules/bios'],
  ['/usr/share/syslinux'],
  ['/usr/lib/syslinux'],
];

/** What the loader cannot start without since syslinux 5, and only that of its own version. */
const MODULES = ['ldlinux.c32', 'libutil.c32'];

/**
 * Copies PXELINUX, and the menu that admins write into `pxelinux.cfg/default`, from the host's syslinux into the TFTP root, where they are
 * missing. The loader comes last: when it is there, so is what it needs. What is there is an admin's.
 */
export async function copySyslinuxFiles(tftpRoot: string, log: Logger, places = PLACES): Promise<void> {
  try {
    const place = places.find((directories) => findIn(directories, 'pxelinux.0') !== undefined);
    if (place === undefined) {
      log.debug('no syslinux on this host, PXELINUX is left to the admin', { tftpRoot });
      return;
    }
    const isOurs = !isThere(tftpRoot, 'pxelinux.0');
    for (const name of [...(isOurs ? MODULES : []), 'menu.c32', 'pxelinux.0']) {
      const from = findIn(place, name);
      if (from === undefined || isThere(tftpRoot, name)) continue;
      await copyInOne(from, tftpRoot, name);
      log.info('boot loader copied', { from, to: join(tftpRoot, name) });
    }
  } catch (error) {
    log.warn('boot loader cannot be copied', { tftpRoot, reason: describeError(error) });
  }
}

function findIn(directories: readonly string[], name: string): string | undefined {
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** Far above any of them. */
const MAX_BYTES = 10_000_000;

async function copyInOne(from: string, tftpRoot: string, name: string): Promise<void> {
  const half = join(makeStaging(tftpRoot), name);
  try {
    await copyFile(from, half, MAX_BYTES);
    await rename(half, join(tftpRoot, name));
  } finally {
    await rm(dirname(half), { recursive: true, force: true });
  }
}
