import {
  chownSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearNetboot } from '../../../src/actions/clear-netboot.ts';
import { configureNetboot } from '../../../src/actions/configure-netboot.ts';
import { TreeChange } from '../../../src/actions/netboot/tree-change.ts';
import { GOLDEN_IMAGES } from '../../helpers/golden-netboot.ts';
import { netbootCommand } from '../../helpers/netboot-command.ts';
import { netbootLab, type NetbootLab } from '../../helpers/netboot-lab.ts';
import { tempDir, type TempDir } from '../../helpers/temp-dir.ts';
import { readTree, type Tree, writeTree } from '../../helpers/tree.ts';

const FQDN = 'sys1.lab.test';
const OWN_LOADER = { kernel_options: 'netbootloader=a/b' };
/** Neither root nor the user of the tests. */
const OTHER = 12_345;
const DIRECTORIES = [
  `images/${FQDN}`,
  `bootloader/${FQDN}`,
  `bootloader/${FQDN}/pxelinux.cfg`,
  'images',
  'pxelinux.cfg',
  'EFI/BOOT',
];

describe('a link in the place of a directory of the tree', () => {
  let lab: NetbootLab;
  let outside: TempDir;
  let left: string[];

  beforeEach(() => {
    lab = netbootLab(GOLDEN_IMAGES);
    lab.addresses.set(FQDN, '10.0.0.1');
    outside = tempDir();
    left = [];
  });
  afterEach(() => {
    lab.remove();
    outside.remove();
  });

  const at = (path: string): string => join(lab.root, path);
  const configure = (netboot: object = OWN_LOADER): Promise<void> =>
    configureNetboot(netbootCommand(FQDN, netboot), lab.context());
  const clear = (): Promise<void> =>
    clearNetboot({ fqdn: FQDN }, { ...lab.context(), onLeft: (what) => left.push(what) });
  const link = (path: string, target: string, owner: number): void => {
    mkdirSync(dirname(at(path)), { recursive: true });
    symlinkSync(target, at(path));
    lchownSync(at(path), owner, owner);
  };
  /** Puts what the directory holds outside, and a link in its place. */
  const moveOut = (path: string, owner: number): void => {
    renameSync(at(path), outside.file('moved'));
    link(path, outside.file('moved'), owner);
  };
  const own = (tree: Tree): readonly string[] =>
    Object.keys(tree).filter((path) => /0A000001/i.test(path) || path.includes(FQDN));

  it.each(DIRECTORIES)("is not gone through when it is another user's: %s", async (path) => {
    link(path, outside.path, OTHER);
    const before = readTree(lab.root);
    await expect(configure()).rejects.toMatchObject({
      message: expect.stringMatching(new RegExp(`found a link of the user ${OTHER}: ${at(path)}$`)),
      systemBroken: false,
    });
    expect(readdirSync(outside.path)).toEqual([]);
    expect(readTree(lab.root)).toEqual(before);
  });

  it.each(DIRECTORIES)(
    "is left by clearing, with what is behind it, when it is another user's: %s",
    async (path) => {
      await configure();
      moveOut(path, OTHER);
      const before = readTree(outside.path);
      await clear();
      expect(readTree(outside.path)).toEqual(before);
      expect(own(readTree(lab.root)).filter((one) => one !== path)).toEqual([]);
      expect(left).toEqual([expect.stringContaining(`found a link of the user ${OTHER}: ${at(path)}`)]);
    },
  );

  it.each([
    ['of root', 0, 0],
    ['of the owner of TFTP_ROOT', OTHER, OTHER],
  ])('is gone through when it is %s', async (_whose, linkOwner, rootOwner) => {
    chownSync(lab.root, rootOwner, rootOwner);
    for (const path of ['images', 'bootloader', 'pxelinux.cfg', 'EFI']) {
      mkdirSync(outside.file(path));
      link(path, outside.file(path), linkOwner);
    }
    await configure();
    expect(Object.keys(readTree(outside.path))).toEqual(
      expect.arrayContaining([
        'EFI/BOOT/grub.cfg-0A000001',
        `bootloader/${FQDN}/image`,
        `images/${FQDN}/kernel`,
        'pxelinux.cfg/0A000001',
      ]),
    );
    await clear();
    expect(own(readTree(outside.path))).toEqual([]);
    expect(left).toEqual([]);
  });

  it('is not gone through when it came while files were being prepared', async () => {
    const change = new TreeChange(lab.root);
    try {
      await change.replace({ kind: 'file', path: 'a/b', content: 'text' });
      link('a', outside.path, OTHER);
      expect(() => change.commit()).toThrow(`found a link of the user ${OTHER}: ${at('a')}`);
    } finally {
      change.close();
    }
    expect(readdirSync(outside.path)).toEqual([]);
  });

  it('gives no image from a distro tree that another user has linked', async () => {
    writeFileSync(outside.file('shadow'), 'secret', { mode: 0o600 });
    writeTree(lab.root, { 'distrotrees/7/initrd': { file: 'i' } });
    link('distrotrees/7/kernel', outside.file('shadow'), OTHER);
    await expect(configure({ distro_tree_id: 7 })).rejects.toMatchObject({
      message: expect.stringContaining(`found a link of the user ${OTHER}: ${at('distrotrees/7/kernel')}`),
      systemBroken: false,
    });
  });
});
