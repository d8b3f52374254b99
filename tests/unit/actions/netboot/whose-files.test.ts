import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearNetboot } from '../../../../src/actions/clear-netboot.ts';
import { configureNetboot } from '../../../../src/actions/configure-netboot.ts';
import { addressOfPath, ownerOfFile } from '../../../../src/actions/netboot/address-owner.ts';
import { hexOf } from '../../../../src/actions/netboot/boot.ts';
import { linksAt } from '../../../../src/actions/netboot/boot-loaders.ts';
import { GOLDEN_IMAGES, goldenNetboots } from '../../../helpers/golden-netboot.ts';
import { netbootCommand } from '../../../helpers/netboot-command.ts';
import { netbootLab, type NetbootLab } from '../../../helpers/netboot-lab.ts';
import { readTree, writeTree } from '../../../helpers/tree.ts';

const [ONE, OTHER] = ['one.lab.test', 'other.lab.test'];
const ADMINS = { file: 'default menu\nlabel menu\n    kernel menu.c32\n' };
/** Too long for PXELINUX, which no aarch64 machine comes up by: it has no file of PXELINUX then. */
const WITHOUT_PXELINUX = { arch: 'aarch64', kernel_options: 'a=b '.repeat(600) };

describe('whose boot files are', () => {
  let lab: NetbootLab;
  let left: string[];

  beforeEach(() => {
    lab = netbootLab(GOLDEN_IMAGES);
    left = [];
  });
  afterEach(() => lab.remove());

  const clear = (fqdn: string, context = lab.context()): Promise<void> =>
    clearNetboot({ fqdn }, { ...context, onLeft: (what) => left.push(what) });
  const paths = (): readonly string[] =>
    Object.keys(readTree(lab.root)).filter((path) => /0A00000\d/i.test(path));

  it.each(goldenNetboots())('is said by each file itself: $name', ({ command: { fqdn }, ip, tree }) => {
    writeTree(lab.root, tree);
    const files = Object.keys(tree).filter((path) => addressOfPath(path) !== undefined);
    for (const path of files.filter((one) => !linksAt(hexOf(ip)).has(one))) {
      expect([path, ownerOfFile(lab.root, path)]).toEqual([path, fqdn]);
    }
  });

  it.each([
    ["of which it remembers that it was the first one's", () => lab.context()],
    ['of another worker', () => lab.contextOfAnotherWorker()],
  ])(
    'is the system that boots by them, though no PXELINUX says so, to a worker %s',
    async (_what, writer) => {
      lab.addresses.set(ONE, '10.0.0.1');
      await configureNetboot(netbootCommand(ONE, { arch: 'aarch64' }), lab.context());
      lab.addresses.set(ONE, '10.0.0.2').set(OTHER, '10.0.0.1');
      await configureNetboot(netbootCommand(OTHER, WITHOUT_PXELINUX), writer());
      const before = paths();
      expect(before).not.toContain('pxelinux.cfg/0A000001');
      await clear(ONE);
      expect(paths()).toEqual(before);
      await clear(OTHER, lab.contextOfAnotherWorker());
      expect(paths()).toEqual([]);
    },
  );

  it('is found for a system of which the name service has forgotten, though no PXELINUX says so', async () => {
    lab.addresses.set(ONE, '10.0.0.1');
    await configureNetboot(netbootCommand(ONE, WITHOUT_PXELINUX), lab.context());
    lab.addresses.clear();
    await clear(ONE, lab.contextOfAnotherWorker());
    expect(paths()).toEqual([]);
  });

  it.each([
    ['that the system had before', '10.0.0.2'],
    ['of the system', '10.0.0.1'],
  ])('is an admin when a file at an address %s is none of ours, which is said', async (_what, address) => {
    lab.addresses.set(ONE, '10.0.0.1');
    await configureNetboot(netbootCommand(ONE), lab.context());
    writeTree(lab.root, { 'pxelinux.cfg/0A000001': ADMINS });
    rmSync(join(lab.root, 'ppc/0a000001'));
    writeTree(lab.root, { 'ppc/0a000001': { link: '../own-loader' } });
    lab.addresses.set(ONE, address);
    await clear(ONE);
    expect(readTree(lab.root)).toMatchObject({
      'pxelinux.cfg/0A000001': ADMINS,
      'ppc/0a000001': { link: '../own-loader' },
    });
    expect(paths()).toEqual(['ppc/0a000001', 'pxelinux.cfg/0A000001']);
    expect(left).toEqual([expect.stringContaining('an admin has made it')]);
  });

  it('is each its own when two systems have exchanged their addresses', async () => {
    lab.addresses.set(ONE, '10.0.0.1').set(OTHER, '10.0.0.2');
    for (const fqdn of [ONE, OTHER]) await configureNetboot(netbootCommand(fqdn), lab.context());
    lab.addresses.set(ONE, '10.0.0.2').set(OTHER, '10.0.0.1');
    await configureNetboot(netbootCommand(OTHER), lab.context());
    await clear(ONE);
    expect(paths().filter((path) => /0A000002/i.test(path))).toEqual([]);
    expect(paths()).toContain('pxelinux.cfg/0A000001');
    expect(Object.keys(readTree(lab.root))).toContain(`images/${OTHER}/kernel`);
  });
});
