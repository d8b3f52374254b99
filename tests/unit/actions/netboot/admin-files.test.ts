import { mkdirSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearNetboot } from '../../../../src/actions/clear-netboot.ts';
import { configureNetboot } from '../../../../src/actions/configure-netboot.ts';
import { GOLDEN_IMAGES } from '../../../helpers/golden-netboot.ts';
import { netbootCommand } from '../../../helpers/netboot-command.ts';
import { netbootLab, type NetbootLab } from '../../../helpers/netboot-lab.ts';
import { type LogLine, recordingLogger } from '../../../helpers/recording-logger.ts';
import { readTree, type Tree, writeTree } from '../../../helpers/tree.ts';

const FQDN = 'sys1.lab.test';
const OWN_LOADER = { kernel_options: 'netbootloader=a/b' };
const ADMINS: Tree = {
  [`bootloader/${FQDN}/grub.cfg`]: { file: "the admin's" },
  [`bootloader/${FQDN}/x86_64-efi/normal.mod`]: { file: 'a module' },
  [`bootloader/${FQDN}/core.elf`]: { link: '../../boot/grub2/core.elf' },
  [`bootloader/${FQDN}/ipxe/menu.ipxe`]: { file: 'a menu' },
  [`images/${FQDN}/disk.img`]: { file: 'a disk' },
};

describe("an admin's files in the directories of a system", () => {
  let lab: NetbootLab;

  beforeEach(() => {
    lab = netbootLab(GOLDEN_IMAGES);
    lab.addresses.set(FQDN, '10.0.0.1');
    writeTree(lab.root, ADMINS);
  });
  afterEach(() => lab.remove());

  it.each([
    ['with a loader of its own', OWN_LOADER],
    ['without one', {}],
  ])(
    'stay as they are, however often it is configured %s, and when it is cleared',
    async (_what, netboot) => {
      for (const one of [netboot, OWN_LOADER, netboot]) {
        await configureNetboot(netbootCommand(FQDN, one), lab.context());
        expect(readTree(lab.root)).toMatchObject(ADMINS);
      }
      await clearNetboot({ fqdn: FQDN }, lab.context());
      const own = Object.entries(readTree(lab.root)).filter(([path]) => path.includes(FQDN));
      expect(Object.fromEntries(own)).toEqual(ADMINS);
    },
  );

  it('stay when another worker clears it, and when its name is gone', async () => {
    await configureNetboot(netbootCommand(FQDN, OWN_LOADER), lab.context());
    lab.addresses.clear();
    lab.addresses.set('new.lab.test', '10.0.0.1');
    await clearNetboot({ fqdn: 'new.lab.test' }, lab.contextOfAnotherWorker());
    const own = Object.entries(readTree(lab.root)).filter(([path]) => path.includes(FQDN));
    expect(Object.fromEntries(own)).toEqual(ADMINS);
  });

  it('include the defaults once they are changed; those that are not go with the rest', async () => {
    await configureNetboot(netbootCommand(FQDN, OWN_LOADER), lab.context());
    const changed = `bootloader/${FQDN}/pxelinux.cfg/default`;
    expect(readTree(lab.root)).toMatchObject({ [changed]: { file: expect.stringContaining('localboot') } });
    writeTree(lab.root, { [changed]: { file: 'changed' } });
    await configureNetboot(netbootCommand(FQDN, OWN_LOADER), lab.context());
    await clearNetboot({ fqdn: FQDN }, lab.context());
    const tree = readTree(lab.root);
    expect(tree[changed]).toEqual({ file: 'changed' });
    expect(tree[`bootloader/${FQDN}/ipxe/default`]).toBeUndefined();
  });
});

describe('a directory in the way', () => {
  let lab: NetbootLab;

  beforeEach(() => {
    lab = netbootLab(GOLDEN_IMAGES);
    lab.addresses.set(FQDN, '10.0.0.1');
  });
  afterEach(() => lab.remove());

  it.each([
    'pxelinux.cfg/0A000001',
    `images/${FQDN}/kernel`,
    `bootloader/${FQDN}/petitboot.cfg`,
    `bootloader/${FQDN}/image`,
  ])('of %s is refused by name, and stays with all that is in it', async (path) => {
    writeTree(lab.root, { [`${path}/inside`]: { file: "the admin's" } });
    const before = readTree(lab.root);
    await expect(configureNetboot(netbootCommand(FQDN, OWN_LOADER), lab.context())).rejects.toMatchObject({
      message: `cannot change ${lab.root}/${path}: expected a file, a link or nothing, found a directory`,
      systemBroken: false,
    });
    expect(readTree(lab.root)).toEqual(before);
  });

  it('of nothing that is written stays, which is said, and keeps nothing else from being cleared', async () => {
    const lines: LogLine[] = [];
    await configureNetboot(netbootCommand(FQDN), lab.context());
    mkdirSync(join(lab.root, 'ppc/grub.cfg-0A000001'));
    await clearNetboot({ fqdn: FQDN }, { ...lab.context(), log: recordingLogger(lines) });
    expect(Object.keys(readTree(lab.root)).filter((path) => /0A000001|sys1/i.test(path))).toEqual([]);
    expect(existsSync(join(lab.root, 'ppc/grub.cfg-0A000001'))).toBe(true);
    expect(lines).toContainEqual(
      expect.objectContaining({
        event: 'netboot files left in place',
        facts: expect.objectContaining({ paths: ['ppc/grub.cfg-0A000001'] }),
      }),
    );
  });
});
