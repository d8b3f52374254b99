import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { entriesFor } from '../../../../src/actions/netboot/boot-loaders.ts';
import { describeBoot } from '../../../../src/actions/netboot/boot.ts';
import type { NetbootSettings } from '../../../../src/command.ts';
import { CommandFailedError } from '../../../../src/errors.ts';
import { readerOf } from '../../../helpers/boot-formats/gives-kernel.ts';
import { grub2GivesKernel } from '../../../helpers/boot-formats/grub2.ts';
import { kernelOptions, kernelReads } from '../../../helpers/boot-formats/kernel.ts';

const FQDN = 'a.lab';
const SURROUNDINGS = { fqdn: FQDN, address: '10.0.0.1', zpxeUsesFtp: true };
const ARCHES = ['x86_64', 'i386', 'aarch64', 'armhfp', 'ppc', 'ppc64', 'ppc64le', 's390x', 'ia64', 'riscv64'];

function bootOf(kernelOptions: string, arch: string, more: Partial<NetbootSettings> = {}) {
  const netboot = {
    ...{ kernelUrl: 'ftp://d.test/vmlinuz', initrdUrl: 'ftp://d.test/initrd', distroTreeId: undefined },
    ...{ imageUrl: undefined, kernelOptions, arch, ...more },
  };
  return describeBoot(netboot, SURROUNDINGS);
}

/** What the kernel gets by each file, by the file's path; what boot loaders add themselves is left out. */
function givenBy(kernelOptions: string, arch: string, more?: Partial<NetbootSettings>): Map<string, string> {
  const files = entriesFor(bootOf(kernelOptions, arch, more)).own;
  return new Map(
    files.flatMap((entry) => {
      const reader = entry.kind === 'file' ? readerOf(entry.path) : undefined;
      if (entry.kind !== 'file' || reader === undefined) return [];
      const given = reader(entry.content).replace(/^initrd=\S+ /, '');
      return [[entry.path, given.replace(/ BOOTIF=\S+$/, '')] as const];
    }),
  );
}

/** Why the command is refused; undefined when it is not. */
function refusal(kernelOptions: string, arch: string, more?: Partial<NetbootSettings>): string | undefined {
  try {
    entriesFor(bootOf(kernelOptions, arch, more));
    return undefined;
  } catch (error) {
    if (!(error instanceof CommandFailedError)) throw error;
    expect(error.systemBroken).toBe(false);
    return error.message;
  }
}

const withoutMethod = (options: readonly string[]): readonly string[] =>
  options.filter((option) => !option.startsWith('netboot_method='));

describe('the kernel options in the boot files', () => {
  // What every format carries, and what only some do: few of the latter, or the command is always refused.
  const sign = fc.constantFrom(...Array.from('ab0=.,:/-_;&|$#{}()<>[]*?!~^`%@+ '));
  const oddSign = fc.constantFrom(...Array.from(`\'"\\é€`));
  const word = fc.constantFrom(
    ...['||', '&&', ';', '#x', '$x', '${y', '${', '[[', ']]', 'if', '{', '}', '!', '--', '-f', '=', '%A'],
    ...['a="b  c"', '"d e"', 'f="g"', 'ks=http://b/ks?a=1&b=2#c'],
  );
  const oddWord = fc.constantFrom('${y}', 'h=i"j k"', "l='m n'", String.raw`o=p\x20q`, '""', 'r="s=t"u');
  const text = (unit: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.string({ unit, minLength: 1, maxLength: 8 });
  const tame = { arbitrary: fc.oneof(text(sign), word), weight: 20 };
  const option = fc.oneof(tame, { arbitrary: fc.oneof(text(fc.oneof(sign, oddSign)), oddWord), weight: 1 });
  const options = fc
    .array(option, { maxLength: 8 })
    .map((list) => list.join(' '))
    .filter((line) => line.split('"').length % 2 === 1);

  it('reach the kernel as the hub gives them, by every boot loader, or the command says what does not', () => {
    fc.assert(
      fc.property(options, fc.constantFrom(...ARCHES), fc.boolean(), (text, arch, isOwnLoader) => {
        const more = isOwnLoader ? { imageUrl: 'http://d.test/loader' } : {};
        const refused = refusal(text, arch, more);
        if (refused !== undefined) {
          expect(refused).toMatch(
            /^a\.lab: kernel options: expected options that [-\w ]+ leaves as they are \(it /,
          );
          return;
        }
        const given = givenBy(text, arch, more);
        expect(given.size).toBeGreaterThan(0);
        for (const [path, line] of given) {
          const isGrub2 = readerOf(path) === grub2GivesKernel;
          const read = (list: readonly string[]): readonly string[] =>
            isGrub2 ? list.map(kernelReads) : list;
          expect([path, ...read(withoutMethod(kernelOptions(line)))]).toEqual([
            path,
            ...read(kernelOptions(text)),
          ]);
          expect(line).toMatch(/(^| )netboot_method=\w+$/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['x86_64', "a=it's", 'GRUB 2', "'"],
    ['aarch64', String.raw`a=b\c`, 'GRUB 2', String.raw`\\`],
    ['ppc64le', 'a=b"c"d', 'GRUB 2', String.raw`\"`],
    ['x86_64', 'a="b c', 'GRUB 2', String.raw`\"`],
    ['i386', 'a=${net0/mac}', 'iPXE', '${net0/mac}'],
    ['i386', 'x'.repeat(2000), 'PXELINUX', 'bytes'],
    ['ppc64le', '"a b" c', 'Petitboot', '"'],
    ['s390x', 'a=é', 'zPXE', 'é'],
    ['ia64', 'a=%I', 'ELILO', '%I'],
    ['armhfp', 'a=$(b)', 'U-Boot', '$('],
  ])('refuses, on %s, what its boot loader would change: %.20s', (arch, text, loader, found) => {
    const message = refusal(text, arch) ?? '';
    expect(message).toContain(`${loader} leaves as they are`);
    expect(message).toContain(found);
  });

  it('leaves out the files of boot loaders that no machine of the architecture comes up by, instead of refusing', () => {
    const { own, leftOut } = entriesFor(bootOf(`a='é' ${'b'.repeat(1500)}`, 'i386'));
    expect(leftOut.map((text) => text.split(' ')[0]).toSorted()).toEqual(['ELILO', 'GRUB', 'U-Boot']);
    const paths = own.map(({ path }) => path);
    expect(paths).toEqual(expect.arrayContaining(['pxelinux.cfg/0A000001', 'ipxe/0a000001', 'etc/0a000001']));
    expect(paths.filter((path) => /^(0A000001\.conf|grub\/|arm\/)/.test(path))).toEqual([]);
  });

  it('refuses what any loader would change for a system with a loader of its own, whichever that is', () => {
    expect(refusal("a=it's", 'i386', { imageUrl: 'http://d.test/loader' })).toContain('GRUB 2');
    expect(refusal("a=it's", 'i386')).toBeUndefined();
  });

  it('quotes nothing that needs no quoting', () => {
    const text =
      'console=ttyS0,115200n8  inst.ks=http://b.test/ks/7 ip=10.0.0.1::10.0.0.254:255.255.255.0:a:eth0:none ro';
    for (const entry of entriesFor(bootOf(text, 'x86_64')).own) {
      if (entry.kind === 'file' && readerOf(entry.path) !== undefined) expect(entry.content).toContain(text);
    }
  });

  it('takes tabs between options for spaces, and refuses them inside of double quotes', () => {
    for (const line of givenBy('a=1\tb=2', 'i386').values()) expect(line).toContain('a=1 b=2 netboot_method');
    expect(() => bootOf('a="1\t2"', 'i386')).toThrow('no tab inside of double quotes');
  });

  it.each(['\n', '\r', '\0', '\v', '\f', '\x1b', '\x7f', '\x85', '\u2028', '\ud800'])(
    'refuses the control character %j, and half a character, in options and URLs, by name',
    (sign) => {
      const name = `U+${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
      expect(() => bootOf(`a${sign}b`, 'i386')).toThrow(name);
      for (const url of ['kernelUrl', 'initrdUrl']) {
        expect(() => bootOf('', 'i386', { [url]: `ftp://d.test/a${sign}b` })).toThrow(name);
      }
    },
  );

  it.each(['initrd', 'devicetree'])('refuses quotes and backslashes in the file that %s= names', (name) => {
    for (const sign of ['"', "'", '\\']) {
      expect(() => bootOf(`${name}=/a${sign}b${sign}`, 'i386')).toThrow('without quotes and backslashes');
    }
  });

  it('quotes the names of files', () => {
    const entries = entriesFor(bootOf('devicetree=/a;b$c initrd=#d', 'aarch64')).own;
    const contents = entries.flatMap((entry) => (entry.kind === 'file' ? [entry.content] : []));
    expect(contents).toContainEqual(expect.stringContaining("\ndevicetree '/a;b$c'\n"));
    expect(contents).toContainEqual(expect.stringContaining('\ninitrd ${beaker-nothing}#d\n'));
    expect(refusal('initrd=${x}', 'i386')).toContain('iPXE');
  });

  it.each(['${', '"', '"a=', ' ', '\\', ' initrd=', '\t', '$(', '%A'])(
    'reads the longest options quickly: %j',
    (part) => {
      const text = part.repeat(Math.floor(65_536 / part.length));
      // Of the processor, since other processes may want it as well.
      const begin = process.cpuUsage();
      for (const arch of ARCHES) refusal(text, arch);
      const { user } = process.cpuUsage(begin);
      expect(user / 1e6).toBeLessThan(3);
    },
  );

  it('refuses URLs that zPXE cannot read', () => {
    for (const kernelUrl of ['ftp://d.test/a b', 'ftp://d.test/é', 'http://d.test/a', 'FTP://d.test/a', '']) {
      expect(refusal('', 's390x', { kernelUrl })).toContain('zPXE fetches by FTP only');
    }
  });
});
