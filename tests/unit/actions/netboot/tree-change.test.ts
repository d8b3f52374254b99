import fs, { existsSync, readdirSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChangingCalls } from '../../../../src/actions/netboot/commit-change.ts';
import { TreeChange } from '../../../../src/actions/netboot/tree-change.ts';
import { CommandFailedError } from '../../../../src/errors.ts';
import { tempDir, type TempDir } from '../../../helpers/temp-dir.ts';
import { readTree, type Tree, writeTree } from '../../../helpers/tree.ts';

const FQDN = 'sys1.lab.test';
const BOOT_FILES = ['pxelinux.cfg/0A000001', 'ipxe/0a000001'];
const IMAGES = ['kernel', 'initrd'].map((name) => `images/${FQDN}/${name}`);

describe('TreeChange', () => {
  let dir: TempDir;
  let root: string;

  beforeEach(() => {
    dir = tempDir();
    root = dir.file('tftp');
  });
  afterEach(() => dir.remove());

  /** Prepares the change of everything to `version`, whose images and boot files name it. */
  async function configuring(version: string): Promise<TreeChange> {
    const change = new TreeChange(root);
    const image = dir.file(`image-${version}`);
    fs.writeFileSync(image, version);
    for (const path of IMAGES) await change.image(path, image, 1_000);
    for (const path of BOOT_FILES) await change.replace({ kind: 'file', path, content: version });
    await change.replace({ kind: 'link', path: 'ppc/0a000001', target: `../${version}` });
    await change.addIfMissing({
      kind: 'file',
      path: 'pxelinux.cfg/default',
      content: `default of ${version}`,
    });
    change.remove('grub/0A000099');
    return change;
  }

  async function configure(version: string, calls?: ChangingCalls): Promise<void> {
    const change = await configuring(version);
    try {
      change.commit(calls);
    } finally {
      change.close();
    }
  }

  /** The tree after `configure(version)` in an empty root. */
  function treeOf(version: string, defaultOf = version): Tree {
    const files = [...IMAGES, ...BOOT_FILES].map((path) => [path, { file: version }] as const);
    return {
      ...Object.fromEntries(files),
      'ppc/0a000001': { link: `../${version}` },
      'pxelinux.cfg/default': { file: `default of ${defaultOf}` },
    };
  }

  it('writes files and links, for everybody to read whatever the umask', async () => {
    const umask = process.umask(0o077);
    try {
      await configure('v1');
    } finally {
      process.umask(umask);
    }
    expect(readTree(root)).toEqual(treeOf('v1'));
    expect(statSync(join(root, 'pxelinux.cfg')).mode & 0o777).toBe(0o755);
    expect(statSync(join(root, 'pxelinux.cfg/0A000001')).mode & 0o777).toBe(0o644);
  });

  it('replaces what is there, keeps the defaults that are there, and removes what it is told to', async () => {
    writeTree(root, { 'pxelinux.cfg/default': { file: "the admin's" }, 'grub/0A000099': { file: 'old' } });
    await configure('v1');
    await configure('v2');
    expect(readTree(root)).toEqual({ ...treeOf('v2'), 'pxelinux.cfg/default': { file: "the admin's" } });
  });

  it('shares images instead of copying them', async () => {
    await configure('v1');
    expect(statSync(join(root, IMAGES[0] ?? '')).ino).toBe(statSync(dir.file('image-v1')).ino);
  });

  it('leaves nothing beside the tree', async () => {
    await configure('v1');
    expect(readdirSync(join(root, '.beaker-provision/staging'))).toEqual([]);
  });

  it('removes what a process that is gone left beside the tree', async () => {
    const staging = (name: string): string => join(root, '.beaker-provision/staging', name);
    const left = staging(`${FQDN}~${hostname()}:999999999:1`);
    const sameNumber = staging(`${FQDN}~${hostname()}:${process.pid}:another:1`);
    const others = [
      staging(`${FQDN}~${hostname()}:${process.ppid}:another:1`),
      staging(`${FQDN}~other-host:999999999:another:1`),
    ];
    for (const path of [left, sameNumber, ...others]) fs.mkdirSync(path, { recursive: true });
    await configure('v1');
    const areThere = [left, sameNumber, ...others].map((path) => existsSync(path));
    expect(areThere).toEqual([false, false, true, true]);
  });

  it('changes nothing before the commit', async () => {
    await configure('v1');
    const change = await configuring('v2');
    expect(readTree(root)).toEqual(treeOf('v1'));
    change.close();
    expect(readTree(root)).toEqual(treeOf('v1'));
  });

  it('says which path it cannot write, and why, and leaves what was there', async () => {
    await configure('v1');
    fs.rmSync(join(root, 'ppc'), { recursive: true });
    fs.writeFileSync(join(root, 'ppc'), 'in the way');
    const before = readTree(root);
    await expect(configure('v2')).rejects.toThrow(
      new RegExp(`cannot change ${join(root, 'ppc/0a000001')}: .*(ENOTDIR|EEXIST)`),
    );
    await expect(configure('v2')).rejects.toMatchObject({ systemBroken: false });
    expect(readTree(root)).toEqual(before);
  });

  it.each([
    ['configured for the first time', true],
    ['configured anew', false],
  ])('undoes everything whichever step fails, when a system is %s', async (_what, isFirst) => {
    const isDone = async (failing: number): Promise<boolean> => {
      fs.rmSync(root, { recursive: true, force: true });
      fs.mkdirSync(root);
      if (!isFirst) await configure('v1');
      writeTree(root, { 'grub/0A000099': { file: 'old' } });
      const before = readTree(root);
      try {
        await configure('v2', callsUntil(failing, 'fails'));
        return true;
      } catch (error) {
        expect(error).toBeInstanceOf(CommandFailedError);
        expect(readTree(root)).toEqual(before);
        expect(readdirSync(root).includes('images')).toBe(!isFirst);
        return false;
      }
    };
    let steps = 0;
    while (!(await isDone(steps))) steps += 1;
    expect(steps).toBeGreaterThan(10);
    expect(readTree(root)).toEqual(treeOf('v2', isFirst ? 'v2' : 'v1'));
  });

  it('never leaves a boot file with images that are not its own, wherever a kill falls, and is mended by the next try', async () => {
    const isDone = async (calls: number): Promise<boolean> => {
      fs.rmSync(root, { recursive: true, force: true });
      await configure('v1');
      const hasDied = await configure('v2', callsUntil(calls, 'dies')).then(
        () => false,
        () => true,
      );
      const tree = readTree(root);
      const textOf = (path: string): string | undefined => {
        const node = tree[path];
        return node && 'file' in node ? node.file : undefined;
      };
      const versions = new Set(BOOT_FILES.map(textOf).filter((version) => version !== undefined));
      expect(versions.size).toBeLessThanOrEqual(1);
      for (const version of versions) expect(IMAGES.map(textOf)).toEqual([version, version]);
      await configure('v2');
      expect(readTree(root)).toEqual(treeOf('v2', 'v1'));
      return !hasDied;
    };
    let steps = 0;
    while (!(await isDone(steps))) steps += 1;
    expect(steps).toBeGreaterThan(10);
  });

  it('does not fail because another process clears the system meanwhile, whenever that is', async () => {
    let steps = 0;
    for (let clearedAt = 0; clearedAt <= steps; clearedAt += 1) {
      if (clearedAt % 2 === 0) await configure('v1');
      const clear = (): void => {
        for (const path of [...IMAGES, ...BOOT_FILES]) fs.rmSync(join(root, path), { force: true });
        fs.rmSync(join(root, 'images', FQDN), { recursive: true, force: true });
      };
      await configure(
        'v2',
        callsAfter((nth) => {
          steps = Math.max(steps, nth);
          if (nth === clearedAt) clear();
        }),
      );
      expect(Object.keys(readTree(root))).toContain('ppc/0a000001');
    }
    await configure('v3');
    expect(readTree(root)).toEqual(treeOf('v3', 'v1'));
  });
});

/** The real calls, so many times; the next one fails and, if we died of it, all others do. */
function callsUntil(count: number, then: 'fails' | 'dies'): ChangingCalls {
  return callsAfter((nth) => {
    if (nth === count || (nth > count && then === 'dies')) {
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' });
    }
  });
}

/** The real calls, each after `before` with its number from 0. */
function callsAfter(before: (nth: number) => void): ChangingCalls {
  let nth = 0;
  const counted = <Args extends unknown[], R>(call: (...args: Args) => R): ((...args: Args) => R) => {
    return (...args) => {
      before(nth++);
      return call(...args);
    };
  };
  return {
    chmodSync: counted(fs.chmodSync),
    linkSync: counted(fs.linkSync),
    mkdirSync: counted<Parameters<typeof fs.mkdirSync>, string | undefined>(fs.mkdirSync),
    renameSync: counted(fs.renameSync),
    rmdirSync: counted(fs.rmdirSync),
    unlinkSync: counted(fs.unlinkSync),
  };
}
