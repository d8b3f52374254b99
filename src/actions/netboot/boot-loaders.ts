import { posix } from 'node:path';
import type { CommandFailedError } from '../../errors.ts';
import { type Boot, imagePaths, type SystemNames } from './boot.ts';
import type { BootLoader } from './boot-loader.ts';
import { KernelOptions } from './kernel-options.ts';
import { armlinux } from './loaders/armlinux.ts';
import { custom } from './loaders/custom.ts';
import { efigrub } from './loaders/efigrub.ts';
import { elilo } from './loaders/elilo.ts';
import { grub2Aarch64 } from './loaders/grub2-aarch64.ts';
import { grub2Ppc } from './loaders/grub2-ppc.ts';
import { grub2X8664 } from './loaders/grub2-x86-64.ts';
import { ipxe } from './loaders/ipxe.ts';
import { petitboot } from './loaders/petitboot.ts';
import { pxelinux } from './loaders/pxelinux.ts';
import { yaboot } from './loaders/yaboot.ts';
import { zpxe } from './loaders/zpxe.ts';
import { refused } from './refused.ts';
import type { TreeEntry } from './tree-entry.ts';
import { UncarriedOptionError } from './uncarried-option-error.ts';

type Arches = 'all' | readonly string[];

/**
 * All boot loaders, and the architectures that they are configured for: a machine may come up by any loader that fits it. By those that
 * it is usual for, machines do come up: what such a loader cannot give to the kernel fails the command.
 */
const BOOT_LOADERS: readonly {
  readonly loader: BootLoader;
  readonly arches: Arches;
  readonly usualFor: Arches;
}[] = [
  { loader: pxelinux, arches: 'all', usualFor: ['i386', 'x86_64'] },
  { loader: ipxe, arches: 'all', usualFor: ['i386', 'x86_64', 'aarch64'] },
  { loader: efigrub, arches: 'all', usualFor: [] },
  { loader: yaboot, arches: 'all', usualFor: ['ppc', 'ppc64'] },
  { loader: elilo, arches: 'all', usualFor: ['ia64'] },
  { loader: armlinux, arches: 'all', usualFor: ['arm', 'armhfp'] },
  { loader: petitboot, arches: 'all', usualFor: ['ppc64', 'ppc64le'] },
  { loader: grub2X8664, arches: ['x86_64'], usualFor: 'all' },
  { loader: grub2Aarch64, arches: ['aarch64'], usualFor: 'all' },
  { loader: grub2Ppc, arches: ['ppc64', 'ppc64le'], usualFor: 'all' },
  { loader: zpxe, arches: ['s390', 's390x'], usualFor: 'all' },
  { loader: custom, arches: 'all', usualFor: 'all' },
];

/**
 * What the tree holds for a boot, by all boot loaders that may be asked for it, and why some of them have no files of the system's own.
 * @throws CommandFailedError when a boot loader that machines of this architecture come up by cannot give an option to the kernel as it is
 */
export function entriesFor(boot: Boot): {
  readonly own: readonly TreeEntry[];
  readonly shared: readonly TreeEntry[];
  /** The system's own. */
  readonly defaults: readonly TreeEntry[];
  readonly leftOut: readonly string[];
} {
  const fits = (arches: Arches): boolean => arches === 'all' || arches.includes(boot.arch);
  const loaders = BOOT_LOADERS.filter(({ arches }) => fits(arches));
  const own: TreeEntry[] = [];
  const leftOut: string[] = [];
  for (const { loader, usualFor } of loaders) {
    try {
      own.push(...loader.own(boot));
    } catch (error) {
      if (!(error instanceof UncarriedOptionError)) throw error;
      if (fits(usualFor)) throw uncarried(boot.fqdn, error);
      leftOut.push(`${error.loader} ${error.because}`);
    }
  }
  return {
    own,
    shared: loaders.flatMap(({ loader }) => loader.shared ?? []),
    defaults: loaders.flatMap(({ loader }) => loader.defaults?.(boot) ?? []),
    leftOut,
  };
}

function uncarried(fqdn: string, { loader, because, found }: UncarriedOptionError): CommandFailedError {
  return refused(fqdn, 'kernel options', `options that ${loader} leaves as they are (it ${because})`, found);
}

/** Images to be put in place: where each is fetched from, unless the tree has it in `distrotrees/`. */
export function imagesFor(boot: Boot): readonly { readonly path: string; readonly url: string }[] {
  const { fqdn, kernelUrl, initrdUrl, ownLoader } = boot;
  const { kernel, initrd } = imagePaths(fqdn);
  return [
    { path: kernel, url: kernelUrl },
    { path: initrd, url: initrdUrl },
    ...(ownLoader && 'url' in ownLoader ? [{ path: `bootloader/${fqdn}/image`, url: ownLoader.url }] : []),
  ];
}

/** The names that a system goes by in the tree; without `hexIp` only those that hold its FQDN count. */
export interface NamesInTree {
  readonly fqdn: string;
  readonly hexIp: string | undefined;
}

/**
 * Every path that any boot could have made for the system, whatever its architecture, but for its defaults: boot files first, images last.
 * Other files in the same directories are an admin's.
 */
export function pathsOf({ fqdn, hexIp }: NamesInTree): readonly string[] {
  const files = hexIp === undefined ? pathsByName(fqdn) : everyPath({ fqdn, hexIp });
  return [...files, `bootloader/${fqdn}/image`, ...Object.values(imagePaths(fqdn))].filter(
    (path, index, paths) => paths.indexOf(path) === index,
  );
}

/** The system's own defaults: to be taken away while they are as they were written. */
export function defaultsOf(fqdn: string): readonly TreeEntry[] {
  const boot = anyBoot({ fqdn, hexIp: '00000000' });
  return BOOT_LOADERS.flatMap(({ loader }) => loader.defaults?.(boot) ?? []);
}

/** The directories that hold nothing but files of the system, those inside of others first: to be taken away when they are empty. */
export function directoriesOf(fqdn: string): readonly string[] {
  const files = [...pathsOf({ fqdn, hexIp: undefined }), ...everyPath({ fqdn, hexIp: '00000000' })];
  const tops = [`bootloader/${fqdn}`, `images/${fqdn}`];
  const own = files
    .map((path) => posix.dirname(path))
    .filter((dir) => tops.some((top) => dir.startsWith(`${top}/`)));
  return [...new Set([...own, ...tops])];
}

/** Where the links lead that go by the address, by their paths. */
export function linksAt(hexIp: string): ReadonlyMap<string, string> {
  const entries = BOOT_LOADERS.flatMap(({ loader }) => loader.own(anyBoot({ fqdn: 'any', hexIp })));
  return new Map(entries.flatMap((entry) => (entry.kind === 'link' ? [[entry.path, entry.target]] : [])));
}

/** What takes the place of the system's files when it is cleared, where they were. */
export function clearedEntries(fqdn: string): readonly TreeEntry[] {
  return BOOT_LOADERS.flatMap(({ loader }) => loader.cleared?.(fqdn) ?? []);
}

/** Those that are the same whatever the address. */
function pathsByName(fqdn: string): readonly string[] {
  const others = new Set(everyPath({ fqdn, hexIp: '00000000' }));
  return everyPath({ fqdn, hexIp: 'FFFFFFFF' }).filter((path) => others.has(path));
}

function everyPath(names: SystemNames): readonly string[] {
  const boot = anyBoot(names);
  return [...new Set(BOOT_LOADERS.flatMap(({ loader }) => loader.own(boot)).map(({ path }) => path))];
}

/** A boot that makes every file that goes by these names. */
function anyBoot({ fqdn, hexIp }: SystemNames): Boot {
  return {
    fqdn,
    hexIp,
    options: new KernelOptions(''),
    kernelUrl: '',
    initrdUrl: '',
    ownLoader: { path: '' },
    arch: '',
    zpxeUsesFtp: false,
  };
}
