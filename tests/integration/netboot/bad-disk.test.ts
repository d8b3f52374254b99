import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearNetboot } from '../../../src/actions/clear-netboot.ts';
import { configureNetboot } from '../../../src/actions/configure-netboot.ts';
import { type Command, decodeCommand } from '../../../src/command.ts';
import { netbootCommand } from '../../helpers/netboot-command.ts';
import { netbootLab, type NetbootLab } from '../../helpers/netboot-lab.ts';
import { readTree } from '../../helpers/tree.ts';

const FQDN = '10.0.0.1';

describe('a TFTP root on a disk of its own', () => {
  let lab: NetbootLab;

  beforeEach(() => {
    lab = netbootLab({ vmlinuz: 'K'.repeat(1_000), 'initrd.img': 'I'.repeat(1_000) });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', lab.root]);
  });
  afterEach(() => {
    execFileSync('umount', [lab.root]);
    lab.remove();
  });

  function configure(options: string, distroTreeId?: number): Command {
    const urls = { kernel_url: 'http://distros.test/vmlinuz', initrd_url: 'http://distros.test/initrd.img' };
    // Machines of this architecture do not come up by PXELINUX, which would refuse long options.
    const netboot = { arch: 'aarch64', kernel_options: options, distro_tree_id: distroTreeId, ...urls };
    return decodeCommand({ id: 1, action: 'configure_netboot', fqdn: FQDN, netboot });
  }
  const staged = (): readonly string[] => readdirSync(join(lab.root, '.beaker-provision/staging'));

  it('gets copies of images that it cannot share with another disk', async () => {
    await configureNetboot(configure('quiet'), lab.context());
    expect(readTree(lab.root)[`images/${FQDN}/kernel`]).toEqual({ file: 'K'.repeat(1_000) });
    const elsewhere = join(lab.root, '../trees');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, 'kernel'), 'tree kernel', { mode: 0o600 });
    writeFileSync(join(elsewhere, 'initrd'), 'tree initrd');
    mkdirSync(join(lab.root, 'distrotrees'));
    symlinkSync(elsewhere, join(lab.root, 'distrotrees/7'));
    await configureNetboot(configure('quiet', 7), lab.context());
    expect(readTree(lab.root)[`images/${FQDN}/kernel`]).toEqual({ file: 'tree kernel' });
    expect(statSync(join(lab.root, `images/${FQDN}/kernel`)).mode & 0o777).toBe(0o644);
  });

  it.each([
    ['images', () => lab.images.set('vmlinuz', 'K'.repeat(500_000)), `images/${FQDN}/kernel`],
    ['boot files', () => fill(lab.root, 16_384), 'grub.cfg-0A000001|0A000001|petitboot|0a000001'],
  ])(
    'fails the command when there is no room for %s, says which, and stays as it was',
    async (_what, spoil, path) => {
      await configureNetboot(configure('old'), lab.context());
      spoil();
      const before = readTree(lab.root);
      await expect(
        configureNetboot(configure(`new ${'x'.repeat(20_000)}`), lab.context()),
      ).rejects.toMatchObject({
        systemBroken: false,
        message: expect.stringMatching(`cannot write ${lab.root}/.*(${path}).*ENOSPC`),
      });
      expect(readTree(lab.root)).toEqual(before);
      expect(staged()).toEqual([]);
    },
  );

  it('puts everything back when something cannot be taken away', async () => {
    await configureNetboot(configure('old'), lab.context());
    const before = readTree(lab.root);
    const part = join(lab.root, 'arm/pxelinux.cfg');
    execFileSync('mount', ['--bind', part, part]);
    execFileSync('mount', ['-o', 'remount,ro,bind', part]);
    try {
      await expect(clearNetboot({ fqdn: FQDN }, lab.context())).rejects.toMatchObject({
        systemBroken: false,
        message: expect.stringMatching(`cannot change ${part}/0A000001: (EXDEV|EROFS)`),
      });
    } finally {
      execFileSync('umount', [part]);
    }
    expect(readTree(lab.root)).toEqual(before);
  });

  it.each(['aarch64', 's390x'])(
    'is cleared of an %s system although nothing more can be made on it',
    async (arch) => {
      const URLS = { kernel_url: 'ftp://distros.test/vmlinuz', initrd_url: 'ftp://distros.test/initrd.img' };
      await configureNetboot(netbootCommand(FQDN, { arch, ...URLS }), lab.context());
      execFileSync('mount', ['-o', 'remount,nr_inodes=100', lab.root]);
      expect(() => {
        for (let nth = 0; nth < 100; nth += 1) writeFileSync(join(lab.root, `ballast-${nth}`), '');
      }).toThrow('ENOSPC');
      await clearNetboot({ fqdn: FQDN }, lab.context());
      const own = Object.entries(readTree(lab.root)).filter(([path]) => /0A000001|10\.0\.0\.1/i.test(path));
      expect(Object.fromEntries(own)).toEqual(
        arch === 's390x' ? { [`s390x/s_${FQDN}`]: { file: 'local\n' } } : {},
      );
    },
  );

  it('fails the command when it is read-only, says so, and stays as it was', async () => {
    await configureNetboot(configure('old'), lab.context());
    const before = readTree(lab.root);
    execFileSync('mount', ['-o', 'remount,ro', lab.root]);
    const failure = {
      systemBroken: false,
      message: expect.stringContaining(`cannot write below TFTP_ROOT ${lab.root}: EROFS`),
    };
    await expect(configureNetboot(configure('new'), lab.context())).rejects.toMatchObject(failure);
    await expect(clearNetboot({ fqdn: FQDN }, lab.context())).rejects.toMatchObject(failure);
    expect(readTree(lab.root)).toEqual(before);
  });
});

/** Leaves so many bytes on the disk. */
function fill(root: string, leftBytes: number): void {
  const available = Number(execFileSync('df', ['--output=avail', '-B1', root]).toString().split('\n')[1]);
  writeFileSync(join(root, 'ballast'), Buffer.alloc(Math.max(0, available - leftBytes)));
}
