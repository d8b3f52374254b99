import fs, { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearNetboot } from '../../../src/actions/clear-netboot.ts';
import { configureNetboot } from '../../../src/actions/configure-netboot.ts';
import type { ChangingCalls } from '../../../src/actions/netboot/commit-change.ts';
import { TreeChange } from '../../../src/actions/netboot/tree-change.ts';
import { GOLDEN_IMAGES, goldenNetboots } from '../../helpers/golden-netboot.ts';
import { mounts, type Mounts } from '../../helpers/mounts.ts';
import { netbootCommand } from '../../helpers/netboot-command.ts';
import { netbootLab, type NetbootLab } from '../../helpers/netboot-lab.ts';
import { readTree, type Tree, writeTree } from '../../helpers/tree.ts';

const FQDN = 'sys1.lab.test';
const PARTS = ['images', 'bootloader', 'pxelinux.cfg', 'EFI', 'EFI/BOOT'];

describe('a TFTP tree of several file systems', () => {
  let lab: NetbootLab;
  let mounted: Mounts;

  beforeEach(() => {
    lab = netbootLab(GOLDEN_IMAGES);
    mounted = mounts();
    lab.addresses.set(FQDN, '10.0.0.1');
  });
  afterEach(() => {
    mounted.remove();
    lab.remove();
  });

  const at = (...names: readonly string[]): string => join(lab.root, ...names);
  const split: readonly (readonly [string, () => void])[] = [
    [
      'with disks of their own for images, loaders and menus',
      () => PARTS.forEach((part) => mounted.tmpfs(at(part))),
    ],
    [
      'with parts of one disk that are mounted again',
      () => PARTS.forEach((part, nth) => mounted.bind(fs.mkdtempSync(`${lab.root}-part${nth}`), at(part))),
    ],
    [
      'that is an overlay, with all directories in the lower layer',
      () => {
        const layers = `${lab.root}-layers`;
        for (const part of [...PARTS, `images/${FQDN}`, `bootloader/${FQDN}`]) {
          fs.mkdirSync(join(layers, 'lower', part), { recursive: true });
        }
        mounted.tmpfs(`${lab.root}-upper`);
        mounted.overlay(lab.root, join(layers, 'lower'), `${lab.root}-upper`);
      },
    ],
  ];
  const staged = (): readonly string[] =>
    ['', ...PARTS].flatMap((part) => {
      const dir = at(part, '.beaker-provision/staging');
      return fs.existsSync(dir) ? readdirSync(dir) : [];
    });
  const own = (tree = readTree(lab.root)): readonly string[] =>
    Object.keys(tree).filter((path) => /0A000001|sys1\.lab/i.test(path));

  it.each(split)('%s is written as one of one disk, and cleared', async (_what, mount) => {
    mount();
    for (const { command, ip, zpxeUseFtp, before, tree } of goldenNetboots()) {
      writeTree(lab.root, before);
      lab.addresses.set(command.fqdn, ip);
      await configureNetboot(command, lab.context({ zpxeUseFtp }));
      expect(treeOf(command.fqdn)).toEqual(ofSystem(tree, command.fqdn));
      await configureNetboot(command, lab.context({ zpxeUseFtp }));
      expect(treeOf(command.fqdn)).toEqual(ofSystem(tree, command.fqdn));
      await clearNetboot(command, lab.context());
      expect(Object.keys(treeOf(command.fqdn)).filter((path) => path !== `s390x/s_${command.fqdn}`)).toEqual(
        [],
      );
    }
    expect(staged()).toEqual([]);
  });

  const treeOf = (fqdn: string): Tree => ofSystem(readTree(lab.root), fqdn);

  it.each(split)('%s stays as it was when any step of a change fails', async (_what, mount) => {
    mount();
    await configureNetboot(netbootCommand(FQDN), lab.context());
    const before = readTree(lab.root);
    let steps = 0;
    while (!(await changeAll({ failAt: steps }))) {
      expect(readTree(lab.root)).toEqual(before);
      steps += 1;
    }
    expect(steps).toBeGreaterThan(5);
    expect(staged()).toEqual([]);
  });

  /** Puts other texts in the place of all files of the system, and takes away one. Whether that was done. */
  async function changeAll({ failAt }: { failAt: number }): Promise<boolean> {
    const change = new TreeChange(lab.root);
    try {
      for (const path of own().slice(1)) await change.replace({ kind: 'file', path, content: 'changed' });
      for (const path of own().slice(0, 1)) change.remove(path);
      change.commit(failingAt(failAt));
      return true;
    } catch {
      return false;
    } finally {
      change.close();
    }
  }

  it('gets copies of the images of a distro tree that is on a disk of its own', async () => {
    mounted.tmpfs(at('distrotrees'));
    writeTree(lab.root, { 'distrotrees/7/kernel': { file: 'k' }, 'distrotrees/7/initrd': { file: 'i' } });
    lab.images.clear();
    await configureNetboot(netbootCommand(FQDN, { distro_tree_id: 7 }), lab.context());
    expect(readTree(lab.root)[`images/${FQDN}/kernel`]).toEqual({ file: 'k' });
    expect(statSync(at('images', FQDN, 'kernel')).dev).not.toBe(statSync(at('distrotrees')).dev);
  });

  it('shares the images of a distro tree that is in the lower layer of an overlay', async () => {
    const lower = `${lab.root}-lower`;
    writeTree(lower, { 'distrotrees/7/kernel': { file: 'k' }, 'distrotrees/7/initrd': { file: 'i' } });
    mounted.tmpfs(`${lab.root}-upper`);
    mounted.overlay(lab.root, lower, `${lab.root}-upper`);
    await configureNetboot(netbootCommand(FQDN, { distro_tree_id: 7 }), lab.context());
    await clearNetboot({ fqdn: FQDN }, lab.context());
    expect(own()).toEqual([]);
    expect(readTree(lab.root)['distrotrees/7/kernel']).toEqual({ file: 'k' });
  });

  it('never shows a part of an image under its name, and no other name beside it, while that is copied to its disk', async () => {
    mounted.tmpfs(at('images'));
    fs.mkdirSync(at('images', FQDN));
    const seen = new Set<string>();
    const watcher = fs.watch(at('images', FQDN), (_event, name) => seen.add(String(name)));
    lab.images.set('vmlinuz', 'K'.repeat(3_000_000));
    await configureNetboot(netbootCommand(FQDN), lab.context());
    expect(statSync(at('images', FQDN, 'kernel')).size).toBe(3_000_000);
    watcher.close();
    expect([...seen].filter((name) => !['kernel', 'initrd'].includes(name))).toEqual([]);
  });

  it('is written where the file system refuses second names for files', async () => {
    await configureNetboot(netbootCommand(FQDN), lab.context());
    const before = readTree(lab.root);
    const refusing: ChangingCalls = {
      ...fs,
      linkSync: () => {
        throw Object.assign(new Error('EPERM: operation not permitted, link'), { code: 'EPERM' });
      },
    };
    const change = new TreeChange(lab.root);
    await change.replace({ kind: 'file', path: 'pxelinux.cfg/0A000001', content: 'changed' });
    await change.addIfMissing({ kind: 'file', path: 'new/default', content: 'new' });
    await change.image(`images/${FQDN}/kernel`, at('images', FQDN, 'initrd'), 100);
    change.commit(refusing);
    change.close();
    expect(readTree(lab.root)).toEqual({
      ...before,
      'pxelinux.cfg/0A000001': { file: 'changed' },
      'new/default': { file: 'new' },
      [`images/${FQDN}/kernel`]: { file: 'INITRD\n' },
    });
  });

  afterEach(() => {
    const parent = dirname(lab.root);
    for (const name of fs.existsSync(parent) ? readdirSync(parent) : []) {
      fs.rmSync(join(parent, name), { recursive: true, force: true });
    }
  });
});

function ofSystem(tree: Tree, fqdn: string): Tree {
  return Object.fromEntries(
    Object.entries(tree).filter(([path]) => path.includes(fqdn) || /0A1043DE/i.test(path)),
  );
}

/** The real calls, of which one fails. */
function failingAt(nth: number): ChangingCalls {
  let left = nth;
  const counted = <Args extends unknown[], R>(call: (...args: Args) => R): ((...args: Args) => R) => {
    return (...args) => {
      left -= 1;
      if (left === -1) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
      return call(...args);
    };
  };
  return { ...fs, linkSync: counted(fs.linkSync), renameSync: counted(fs.renameSync) };
}
