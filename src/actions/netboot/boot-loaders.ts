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
import type { TreeEntry } from './tree-entry.ts';

/** All boot loaders, and the architectures that they are configured for: a machine may come up by any loader that fits it. */
const BOOT_LOADERS: readonly { readonly loader: BootLoader; readonly arches: 'all' | readonly string[] }[] = [
  { loader: pxelinux, arches: 'all' },
  { loader: ipxe, arches: 'all' },
  { loader: efigrub, arches: 'all' },
  { loader: yaboot, arches: 'all' },
  { loader: elilo, arches: 'all' },
  { loader: armlinux, arches: 'all' },
  { loader: petitboot, arches: 'all' },
  { loader: grub2X8664, arches: ['x86_64'] },
  { loader: grub2Aarch64, arches: ['aarch64'] },
  { loader: grub2Ppc, arches: ['ppc64', 'ppc64le'] },
  { loader: zpxe, arches: ['s390', 's390x'] },
  { loader: custom, arches: 'all' },
];

/** What the tree holds for a boot, by all boot loaders that may be asked for it. */
export function entriesFor(boot: Boot): {
  readonly own: readonly TreeEntry[];
  readonly shared: readonly TreeEntry[];
} {
  const loaders = BOOT_LOADERS.filter(({ arches }) => arches === 'all' || arches.includes(boot.arch));
  return {
    own: loaders.flatMap(({ loader }) => loader.own(boot)),
    shared: loaders.flatMap(({ loader }) => loader.shared ?? []),
  };
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

/**
 * Every path that any boot could have made for the system, whatever its architecture: boot files first, then the directories that are
 * the system's alone. Without `hexIp`, only those that go by its name.
 */
export function pathsOf({
  fqdn,
  hexIp,
}: {
  readonly fqdn: string;
  readonly hexIp: string | undefined;
}): readonly string[] {
  const directories = [`bootloader/${fqdn}`, `images/${fqdn}`];
  const own = hexIp === undefined ? pathsByName(fqdn) : everyPath({ fqdn, hexIp });
  const files = own.filter((path) => !directories.some((directory) => path.startsWith(`${directory}/`)));
  return [...files, ...directories];
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

function everyPath({ fqdn, hexIp }: SystemNames): readonly string[] {
  const boot: Boot = {
    fqdn,
    hexIp,
    options: new KernelOptions(''),
    kernelUrl: '',
    initrdUrl: '',
    ownLoader: { path: '' },
    arch: '',
    zpxeUsesFtp: false,
  };
  return [...new Set(BOOT_LOADERS.flatMap(({ loader }) => loader.own(boot)).map(({ path }) => path))];
}
