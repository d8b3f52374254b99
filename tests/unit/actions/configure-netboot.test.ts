import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clearNetboot } from '../../../src/actions/clear-netboot.ts';
import { configureNetboot } from '../../../src/actions/configure-netboot.ts';
import type { Command } from '../../../src/command.ts';
import { GOLDEN_IMAGES, goldenNetboots } from '../../helpers/golden-netboot.ts';
import { netbootCommand } from '../../helpers/netboot-command.ts';
import { netbootLab, type NetbootLab } from '../../helpers/netboot-lab.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { readTree, writeTree } from '../../helpers/tree.ts';

const FQDN = 'sys1.lab.test';

const configure = (netboot: object = {}, fqdn = FQDN): Command => netbootCommand(fqdn, netboot);

describe('configure_netboot', () => {
  let lab: NetbootLab;

  beforeEach(() => {
    lab = netbootLab(GOLDEN_IMAGES);
    lab.addresses.set(FQDN, '10.0.0.1');
    lab.addresses.set('sys2.lab.test', '10.0.0.2');
  });
  afterEach(() => lab.remove());

  it.each(goldenNetboots().map((golden) => [golden.name, golden] as const))(
    'writes what Beaker writes: %s',
    async (_name, { command, ip, zpxeUseFtp, before, tree }) => {
      writeTree(lab.root, before);
      lab.addresses.set(command.fqdn, ip);
      await configureNetboot(command, lab.context({ zpxeUseFtp }));
      expect(readTree(lab.root)).toEqual(tree);
    },
  );

  it.each(goldenNetboots().map((golden) => [golden.name, golden] as const))(
    'leaves only what all systems share when it is cleared: %s',
    async (_name, { command, ip, zpxeUseFtp, before, tree }) => {
      writeTree(lab.root, before);
      lab.addresses.set(command.fqdn, ip);
      await configureNetboot(command, lab.context({ zpxeUseFtp }));
      await clearNetboot(command, lab.context());
      const hexIp = '0A1043DE';
      const isOwn = (path: string): boolean =>
        path.includes(command.fqdn) || path.toUpperCase().includes(hexIp);
      const shared = Object.entries(tree).filter(([path]) => !isOwn(path));
      const local =
        command.netboot?.arch === 's390x' ? { [`s390x/s_${command.fqdn}`]: { file: 'local\n' } } : {};
      expect(readTree(lab.root)).toEqual({ ...Object.fromEntries(shared), ...local });
      expect(
        [join(lab.root, 'images', command.fqdn), join(lab.root, 'bootloader', command.fqdn)].some(existsSync),
      ).toBe(false);
    },
  );

  it('leaves only what all systems share when it is cleared, whatever it was and however often it was configured', async () => {
    const arch = fc.constantFrom('x86_64', 'aarch64', 'ppc64le', 's390x', 'ia64');
    const options = fc.constantFrom(
      '',
      'initrd=/a.img',
      'netbootloader=x/y',
      'devicetree=/b.dtb grub2_postfix=efi',
    );
    const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3');
    const configuring = fc.record({ arch, kernel_options: options, address });
    await fc.assert(
      fc.asyncProperty(
        fc.array(configuring, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        async (times, isKnown) => {
          const own = netbootLab(GOLDEN_IMAGES);
          try {
            for (const { address: ip, ...netboot } of times) {
              own.addresses.set(FQDN, ip);
              await configureNetboot(configure(netboot), own.context({ zpxeUseFtp: false }));
            }
            if (!isKnown) own.addresses.clear();
            await clearNetboot({ fqdn: FQDN }, own.context());
            const left = Object.keys(readTree(own.root));
            expect(left.filter((path) => /0A00000|sys1/i.test(path) && path !== `s390x/s_${FQDN}`)).toEqual(
              [],
            );
            expect(left.includes(`s390x/s_${FQDN}`)).toBe(times.at(-1)?.arch === 's390x');
          } finally {
            own.remove();
          }
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);

  it('hard-links the images of a distro tree that has both, and fetches neither', async () => {
    writeTree(lab.root, { 'distrotrees/7/kernel': { file: 'k' }, 'distrotrees/7/initrd': { file: 'i' } });
    lab.images.clear();
    await configureNetboot(configure({ distro_tree_id: 7 }), lab.context());
    const inode = (path: string): number => statSync(join(lab.root, path)).ino;
    expect(inode(`images/${FQDN}/kernel`)).toBe(inode('distrotrees/7/kernel'));
  });

  it('fetches both images when a distro tree has one of them only', async () => {
    writeTree(lab.root, { 'distrotrees/7/kernel': { file: 'k' } });
    await configureNetboot(configure({ distro_tree_id: 7 }), lab.context());
    expect(readTree(lab.root)[`images/${FQDN}/kernel`]).toEqual({ file: 'KERNEL\n' });
  });

  it('takes away what an earlier boot had written by another architecture, address and loader', async () => {
    await configureNetboot(
      configure({ arch: 'ppc64le', kernel_options: 'netbootloader=x/y' }),
      lab.context(),
    );
    lab.addresses.set(FQDN, '10.0.0.9');
    await configureNetboot(configure(), lab.context());
    const paths = Object.keys(readTree(lab.root));
    expect(paths.filter((path) => path.toUpperCase().includes('0A000001'))).toEqual([]);
    expect(paths.filter((path) => path.startsWith('bootloader/'))).toEqual([
      `bootloader/${FQDN}/petitboot.cfg`,
    ]);
  });

  it('leaves the tree as it was when an image cannot be fetched, and does not blame the system', async () => {
    await configureNetboot(configure(), lab.context());
    const before = readTree(lab.root);
    lab.images.delete('initrd.img');
    await expect(
      configureNetboot(configure({ kernel_options: 'other' }), lab.context()),
    ).rejects.toMatchObject({
      message: expect.stringContaining('http://distros.test/initrd.img'),
      systemBroken: false,
    });
    expect(readTree(lab.root)).toEqual(before);
    expect(readdirSync(join(lab.root, '.beaker-provision/staging'))).toEqual([]);
  });

  it.each([
    ['a line break in the options', { kernel_options: 'quiet\nboot' }],
    ['a control character in the options', { kernel_options: 'quiet\u007f' }],
    ['a loader outside of the root', { kernel_options: 'netbootloader=../../etc/shadow' }],
    ['a device tree outside of the root', { kernel_options: 'devicetree=/a/../../b', arch: 'aarch64' }],
    ['a postfix that is no word', { kernel_options: 'grub2_postfix=;reboot' }],
    ['a line break in a URL', { kernel_url: 'http://distros.test/a\nb' }],
    ['an option that GRUB changes', { kernel_options: "pw=it's" }],
    ['a device tree with a quote', { kernel_options: "devicetree=/it's", arch: 'aarch64' }],
    ['a kernel that zPXE cannot fetch', { arch: 's390x', initrd_url: 'ftp://distros.test/initrd.img' }],
    ['an initrd that zPXE cannot fetch', { arch: 's390x', kernel_url: 'ftp://distros.test/vmlinuz' }],
  ])('refuses %s, fetches nothing and writes nothing', async (_what, netboot) => {
    lab.images.clear();
    await expect(configureNetboot(configure(netboot), lab.context())).rejects.toMatchObject({
      message: expect.stringMatching(/^sys1\.lab\.test: .*expected .*found /),
      systemBroken: false,
    });
    expect(readTree(lab.root)).toEqual({});
  });

  it('leaves out the file of a loader that cannot carry the options and that the machine does not come up by', async () => {
    await configureNetboot(configure(), lab.context());
    expect(Object.keys(readTree(lab.root))).toContain('0A000001.conf');
    const lines: LogLine[] = [];
    await configureNetboot(configure({ kernel_options: 'name=é' }), {
      ...lab.context(),
      log: recordingLogger(lines),
    });
    expect(lines).toContainEqual({
      level: 'info',
      event: 'netboot configured',
      facts: { address: '10.0.0.1', arch: 'x86_64', leftOut: ['ELILO reads ASCII only'] },
    });
    const paths = Object.keys(readTree(lab.root));
    expect(paths).toContain('pxelinux.cfg/0A000001');
    expect(paths).not.toContain('0A000001.conf');
  });

  it('says so when the name service does not know the system', async () => {
    lab.addresses.clear();
    await expect(configureNetboot(configure(), lab.context())).rejects.toMatchObject({
      message: expect.stringContaining(`${FQDN} is not known`),
      systemBroken: false,
    });
  });

  it('configures many systems at once, each as if it were alone', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `many${index}.lab.test`);
    names.forEach((name, index) => lab.addresses.set(name, `10.1.0.${index}`));
    await Promise.all(names.map((name) => configureNetboot(configure({}, name), lab.context())));
    const tree = readTree(lab.root);
    for (const [index, name] of names.entries()) {
      const hex = `0A0100${index.toString(16).padStart(2, '0').toUpperCase()}`;
      expect(tree[`pxelinux.cfg/${hex}`]).toMatchObject({
        file: expect.stringContaining(`/images/${name}/kernel`),
      });
    }
  });
});

describe('clear_netboot', () => {
  let lab: NetbootLab;

  beforeEach(() => {
    lab = netbootLab(GOLDEN_IMAGES);
    lab.addresses.set(FQDN, '10.0.0.1');
  });
  afterEach(() => lab.remove());

  it('takes everything away although the name service does not know the system any more', async () => {
    await configureNetboot(configure(), lab.context());
    lab.addresses.clear();
    await clearNetboot({ fqdn: FQDN }, lab.context());
    expect(Object.keys(readTree(lab.root)).filter((path) => /0A000001|sys1/i.test(path))).toEqual([]);
  });

  it('takes away what Beaker itself left behind, by the address', async () => {
    const left = {
      file: `linux  /images/${FQDN}/kernel ks=http://ks.test/1\ninitrd /images/${FQDN}/initrd\n`,
    };
    writeTree(lab.root, {
      'EFI/BOOT/grub.cfg-0A000001': left,
      'aarch64/grub.cfg-0A000001': left,
      'aarch64/grub.cfg': { file: "the admin's" },
    });
    await clearNetboot({ fqdn: FQDN }, lab.context());
    expect(readTree(lab.root)).toEqual({ 'aarch64/grub.cfg': { file: "the admin's" } });
  });

  it('does not take away what has become the file of another system with the same address', async () => {
    await configureNetboot(configure(), lab.context());
    lab.addresses.clear();
    lab.addresses.set('sys2.lab.test', '10.0.0.1');
    await configureNetboot(configure({}, 'sys2.lab.test'), lab.context());
    await clearNetboot({ fqdn: FQDN }, lab.context());
    expect(readTree(lab.root)['pxelinux.cfg/0A000001']).toMatchObject({
      file: expect.stringContaining('sys2'),
    });
    expect(existsSync(join(lab.root, 'images', FQDN))).toBe(false);
  });

  it('clears a system that was never configured, and makes nothing for it', async () => {
    await clearNetboot({ fqdn: FQDN }, lab.context());
    expect(readTree(lab.root)).toEqual({});
  });

  it('finds by the tree what neither the name service nor this worker knows, as when another worker wrote it', async () => {
    await configureNetboot(configure(), lab.context());
    lab.addresses.clear();
    await clearNetboot({ fqdn: FQDN }, lab.contextOfAnotherWorker());
    expect(Object.keys(readTree(lab.root)).filter((path) => /0A000001|sys1/i.test(path))).toEqual([]);
  });

  it('leaves the files of another system with the same address, although the name service gives it to both', async () => {
    await configureNetboot(configure(), lab.context());
    lab.addresses.set('sys2.lab.test', '10.0.0.1');
    await configureNetboot(configure({}, 'sys2.lab.test'), lab.context());
    await clearNetboot({ fqdn: FQDN }, lab.context());
    expect(readTree(lab.root)).toMatchObject({
      'pxelinux.cfg/0A000001': { file: expect.stringContaining('sys2') },
      'EFI/BOOT/grub.cfg-0A000001': { file: expect.stringContaining('sys2') },
      'ppc/0a000001': { link: '../yaboot' },
    });
  });

  it("leaves what is remembered of a system that another worker has cleared, and whose address is another's now", async () => {
    const [first, second] = [lab.context(), lab.contextOfAnotherWorker()];
    await configureNetboot(configure(), first);
    await clearNetboot({ fqdn: FQDN }, second);
    lab.addresses.set('sys2.lab.test', '10.0.0.1');
    await configureNetboot(configure({}, 'sys2.lab.test'), second);
    const files = (): readonly string[] =>
      Object.keys(readTree(lab.root)).filter((path) => /0A000001/i.test(path));
    const before = files();
    lab.addresses.set(FQDN, '10.0.0.3');
    await configureNetboot(configure(), first);
    expect(files()).toEqual(before);
  });
});

describe('what links lead to', () => {
  let lab: NetbootLab;

  beforeEach(() => {
    lab = netbootLab(GOLDEN_IMAGES);
    lab.addresses.set(FQDN, '10.0.0.1');
    // Images that are the same each time leave every old file in its place.
    writeTree(lab.root, { 'distrotrees/7/kernel': { file: 'k' }, 'distrotrees/7/initrd': { file: 'i' } });
  });
  afterEach(() => lab.remove());

  it.each([
    ['a loader that is a directory', 'netbootloader=EFI', { 'EFI/BOOT/grubx64.efi': { file: 'loader' } }],
    ['a directory called yaboot', '', { 'yaboot/yaboot.bin': { file: 'loader' } }],
    ['the images of others', 'netbootloader=images', { 'images/sys2.lab.test/kernel': { file: 'theirs' } }],
  ])('stays, were it %s', async (_what, options, admins) => {
    writeTree(lab.root, admins);
    for (const kernel_options of [options, options, '']) {
      await configureNetboot(configure({ distro_tree_id: 7, kernel_options }), lab.context());
    }
    await clearNetboot({ fqdn: FQDN }, lab.context());
    expect(readTree(lab.root)).toMatchObject(admins);
  });
});
