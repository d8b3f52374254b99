import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clearedEntries, entriesFor, pathsOf } from '../../../../src/actions/netboot/boot-loaders.ts';
import { type Boot, describeBoot, hexOf } from '../../../../src/actions/netboot/boot.ts';

const ARCHES = [
  'x86_64',
  'i386',
  'aarch64',
  'arm',
  'ppc',
  'ppc64',
  'ppc64le',
  's390',
  's390x',
  'ia64',
  'riscv64',
];

const word = fc.stringMatching(/^[a-z0-9.:/=,_-]{1,12}$/);
const option = fc.oneof(
  word,
  fc.constantFrom(
    'initrd=/a.img',
    'initrd=/b.img,/c.img',
    'grub2_postfix=efi',
    'devicetree=/x.dtb',
    'netbootloader=a/b',
  ),
);
const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]\.lab$/);
const boot = fc
  .record({
    fqdn: name,
    address: fc.ipV4(),
    arch: fc.constantFrom(...ARCHES),
    options: fc.array(option, { maxLength: 8 }),
    imageUrl: fc.option(fc.constant('http://d.test/loader'), { nil: undefined }),
    zpxeUsesFtp: fc.boolean(),
  })
  .map(({ options, arch, imageUrl, ...surroundings }) =>
    describeBoot(
      {
        arch,
        imageUrl,
        kernelUrl: 'ftp://d.test/vmlinuz',
        initrdUrl: 'ftp://d.test/initrd',
        kernelOptions: options.join(' '),
        distroTreeId: undefined,
      },
      surroundings,
    ),
  );

const pathsIn = (entries: readonly { readonly path: string }[]): readonly string[] =>
  entries.map(({ path }) => path);
const isAt = (path: string, places: readonly string[]): boolean =>
  places.some((place) => path === place || path.startsWith(`${place}/`));

describe('the boot loaders', () => {
  it('write nothing for a system that clearing it would not find, by its address and names alone', () => {
    fc.assert(
      fc.property(boot, (one) => {
        const found = pathsOf(one);
        expect(pathsIn(entriesFor(one).own).filter((path) => !isAt(path, found))).toEqual([]);
      }),
    );
  });

  it('share nothing that clearing a system would take away', () => {
    fc.assert(
      fc.property(boot, (one) => {
        const found = pathsOf(one);
        expect(pathsIn(entriesFor(one).shared).filter((path) => isAt(path, found))).toEqual([]);
      }),
    );
  });

  it('keep two systems apart', () => {
    fc.assert(
      fc.property(boot, boot, (one, other) => {
        fc.pre(one.fqdn !== other.fqdn && one.hexIp !== other.hexIp);
        const others = pathsIn(entriesFor(other).own);
        expect(pathsIn(entriesFor(one).own).filter((path) => others.includes(path))).toEqual([]);
        expect(others.filter((path) => isAt(path, pathsOf(one)))).toEqual([]);
      }),
    );
  });

  it('stay inside the tree, by paths and by where links lead', () => {
    fc.assert(
      fc.property(boot, (one) => {
        const { own, shared } = entriesFor(one);
        for (const entry of [...own, ...shared]) {
          expect(entry.path).toMatch(/^[^/]+(\/[^/]+)*$/);
          if (entry.kind === 'file') continue;
          const url = new URL(entry.target, `file:///root/${entry.path}`);
          expect(url.pathname).toMatch(/^\/root\/[^/]/);
        }
      }),
    );
  });

  it('write as many lines whatever the options say', () => {
    const linesOf = (one: Boot): readonly number[] =>
      entriesFor(one)
        .own.filter(({ path }) => !path.startsWith('s390x/') && !path.includes('ipxe'))
        .map((entry) => (entry.kind === 'file' ? entry.content.split('\n').length : 0));
    fc.assert(
      fc.property(boot, fc.array(word, { maxLength: 5 }), (one, words) => {
        const plain = describeBoot(
          { ...one, kernelOptions: words.join(' '), imageUrl: 'http://d.test/l', distroTreeId: undefined },
          { fqdn: one.fqdn, address: '10.0.0.1', zpxeUsesFtp: true },
        );
        const rich = describeBoot(
          { ...one, kernelOptions: one.options.text, imageUrl: 'http://d.test/l', distroTreeId: undefined },
          { fqdn: one.fqdn, address: '10.0.0.1', zpxeUsesFtp: true },
        );
        expect(linesOf(rich)).toEqual(linesOf(plain));
      }),
    );
  });

  it('find by the name alone, where the address is not known, all that does not go by it', () => {
    const paths = pathsOf({ fqdn: 'a.lab', hexIp: undefined });
    expect(paths).toEqual(
      expect.arrayContaining([
        's390x/s_a.lab',
        's390x/s_a.lab_parm',
        'bootloader/a.lab/petitboot.cfg',
        'bootloader/a.lab/image',
        'images/a.lab/kernel',
      ]),
    );
    expect(paths.filter((path) => /[0F]{8}/i.test(path))).toEqual([]);
  });

  it('leave a zPXE guest an index that says where to boot from', () => {
    expect(clearedEntries('a.lab')).toEqual([{ kind: 'file', path: 's390x/s_a.lab', content: 'local\n' }]);
  });
});

describe('hexOf', () => {
  it('writes an address as boot loaders look for it', () => {
    expect(hexOf('10.16.67.222')).toBe('0A1043DE');
    expect(() => hexOf('fe80::1')).toThrow('expected an IPv4 address');
  });
});
