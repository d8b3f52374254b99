import { execFileSync } from 'node:child_process';
import fs, { existsSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearNetboot } from '../../../src/actions/clear-netboot.ts';
import { configureNetboot } from '../../../src/actions/configure-netboot.ts';
import { GOLDEN_IMAGES } from '../../helpers/golden-netboot.ts';
import { imageStores, textOf } from '../../helpers/image-stores.ts';
import { image, startImageServer } from '../../helpers/image-server.ts';
import { mounts } from '../../helpers/mounts.ts';
import { netbootCommand } from '../../helpers/netboot-command.ts';
import { netbootLab, type NetbootLab } from '../../helpers/netboot-lab.ts';
import { readTree, writeTree } from '../../helpers/tree.ts';

const FQDN = 'sys1.lab.test';

describe('a TFTP tree that others may write to', () => {
  let lab: NetbootLab;

  beforeEach(() => {
    lab = netbootLab(GOLDEN_IMAGES);
    lab.addresses.set(FQDN, '10.0.0.1');
  });
  afterEach(() => {
    menus.remove();
    lab.remove();
  });

  const menus = mounts();
  const at = (path: string): string => join(lab.root, path);
  const make = (path: string, how: (full: string) => void): void => {
    mkdirSync(join(at(path), '..'), { recursive: true });
    how(at(path));
  };
  const fifo = (path: string): void => make(path, (full) => execFileSync('mkfifo', [full]));
  const clearUnknown = async (): Promise<void> => {
    lab.addresses.clear();
    await clearNetboot({ fqdn: FQDN }, lab.contextOfAnotherWorker());
  };

  it.each([
    ['a FIFO', () => fifo('pxelinux.cfg/0A000001')],
    ['a device', () => make('pxelinux.cfg/0A000001', (full) => execFileSync('mknod', [full, 'c', '1', '5']))],
    ['a link to a device', () => make('pxelinux.cfg/0A000001', (full) => symlinkSync('/dev/zero', full))],
    [
      'a file of a terabyte',
      () =>
        make('pxelinux.cfg/0A000001', (full) => {
          writeFileSync(full, '');
          truncateSync(full, 1_000_000_000_000);
        }),
    ],
  ])(
    'is read past %s in the place of a boot file, which then gives way to the boot file',
    async (_what, spoil) => {
      spoil();
      fifo('pxelinux.cfg/0A0000FF');
      await clearUnknown();
      lab.addresses.set(FQDN, '10.0.0.1');
      await configureNetboot(netbootCommand(FQDN), lab.context());
      expect(fs.lstatSync(at('pxelinux.cfg/0A000001')).isFile()).toBe(true);
    },
  );

  it('is searched although its menus are no directory', async () => {
    fifo('pxelinux.cfg');
    await clearUnknown();
    expect(existsSync(at('pxelinux.cfg'))).toBe(true);
  });

  it.each([
    ['a FIFO', (full: string) => execFileSync('mkfifo', [full]), 'expected a regular file, found a FIFO'],
    [
      'a link to a device',
      (full: string) => symlinkSync('/dev/zero', full),
      'expected a regular file, found a device',
    ],
    [
      'too large a file',
      (full: string) => {
        writeFileSync(full, '');
        truncateSync(full, 11_000_000);
      },
      'expected at most 10000000 bytes, found 11000000',
    ],
  ])('does not get %s as an image from a distro tree, and says which', async (what, spoil, reason) => {
    writeTree(lab.root, { 'distrotrees/7/initrd': { file: 'i' } });
    spoil(at('distrotrees/7/kernel'));
    await expect(
      configureNetboot(netbootCommand(FQDN, { distro_tree_id: 7 }), lab.context({ imageMaxMb: 10 })),
    ).rejects.toMatchObject({
      message: expect.stringMatching(
        `${reason}.*${what === 'a link to a device' ? '/dev/zero' : 'distrotrees/7/kernel'}`,
      ),
      systemBroken: false,
    });
    expect(existsSync(at(`images/${FQDN}`))).toBe(false);
  });

  it('is cleaned up nowhere outside, if the directory for unfinished work is a link', async () => {
    const outside = `${lab.root}-outside`;
    const left = join(outside, `staging/${hostname()}:999999999:12345678:1`);
    mkdirSync(left, { recursive: true });
    symlinkSync(outside, at('.beaker-provision'));
    await expect(configureNetboot(netbootCommand(FQDN), lab.context())).rejects.toMatchObject({
      message: expect.stringContaining(
        `${at('.beaker-provision')}: expected a directory of our own, found a symbolic link`,
      ),
      systemBroken: false,
    });
    expect(existsSync(left)).toBe(true);
  });

  it('is changed beside unfinished work of a process that is gone that cannot be removed', async () => {
    const stubborn = at(`.beaker-provision/staging/${hostname()}:999999999:12345678:1`);
    // A mount cannot be removed, as little as an open file on NFS.
    menus.tmpfs(stubborn);
    await configureNetboot(netbootCommand(FQDN), lab.context());
    await clearNetboot({ fqdn: FQDN }, lab.context());
    expect(readdirSync(at('.beaker-provision/staging'))).toEqual([basename(stubborn)]);
  });

  it.each(['pxelinux.cfg', 'images', 'bootloader', `images/${FQDN}`, `bootloader/${FQDN}`])(
    'is cleared of everything else when %s is a link to itself, and is not configured, by name',
    async (path) => {
      await configureNetboot(netbootCommand(FQDN), lab.context());
      fs.rmSync(at(path), { recursive: true });
      symlinkSync(basename(path), at(path));
      await expect(configureNetboot(netbootCommand(FQDN), lab.context())).rejects.toMatchObject({
        message: expect.stringMatching(`expected at most 40 links, found more: ${at(path)}`),
        systemBroken: false,
      });
      await clearNetboot({ fqdn: FQDN }, lab.context());
      const own = Object.keys(readTree(lab.root)).filter((one) => /0A000001|sys1/i.test(one));
      expect(own.filter((one) => one !== path)).toEqual([]);
    },
  );

  it('does not freeze the process by a hundred thousand boot files', async () => {
    // In memory: there they are made and removed in no time.
    menus.tmpfs(at('pxelinux.cfg'), 'size=500m,nr_inodes=200k');
    for (let address = 0; address < 100_000; address += 1) {
      const hexIp = (0x0a000000 + address).toString(16).toUpperCase().padStart(8, '0');
      fs.writeFileSync(at(`pxelinux.cfg/${hexIp}`), 'kernel /images/other.lab/kernel\n');
    }
    fs.writeFileSync(at('pxelinux.cfg/0A0000F1'), `kernel /images/${FQDN}/kernel\n`);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const startedAt = performance.now();
    await clearUnknown();
    const tookMs = performance.now() - startedAt;
    delay.disable();
    expect(existsSync(at('pxelinux.cfg/0A0000F1'))).toBe(false);
    expect(existsSync(at('pxelinux.cfg/0A0000F2'))).toBe(true);
    // A busy machine is slow in both.
    expect(delay.max / 1_000_000).toBeLessThan(tookMs / 4);
  });
});

describe('an image cache that others may write to', () => {
  it('is used past FIFOs, links and directories in the place of what it knows', async () => {
    const stores = imageStores();
    const server = await startImageServer();
    try {
      server.answers.set('/a', image('text', { etag: '"1"' }));
      expect(await textOf(stores.open(), `${server.url}/a`)).toBe('text');
      const index = readdirSync(stores.dir).find((name) => name.endsWith('.json')) ?? '';
      fs.rmSync(join(stores.dir, index));
      execFileSync('mkfifo', [join(stores.dir, index), join(stores.dir, `${'0'.repeat(32)}.json`)]);
      symlinkSync('/dev/zero', join(stores.dir, `${'1'.repeat(32)}.json`));
      expect(await textOf(stores.open(), `${server.url}/a`)).toBe('text');
      expect(fs.lstatSync(join(stores.dir, index)).isFile()).toBe(true);
      expect(readdirSync(stores.dir).filter((name) => name.endsWith('.json'))).toEqual([index]);
    } finally {
      await stores.close();
      await server.close();
    }
  });
});
