import { grub2GivesKernel } from './grub2.ts';
import { ipxeGivesKernel } from './ipxe.ts';
import {
  eliloGivesKernel,
  grubLegacyGivesKernel,
  petitbootGivesKernel,
  pxelinuxGivesKernel,
  stringGivesKernel,
  ubootGivesKernel,
  zpxeGivesKernel,
} from './plain.ts';

/** How a boot loader reads its file: what it gives to the kernel, as the documentation and the source of the boot loader say. */
export type GivesKernel = (file: string) => string;

const READERS: readonly (readonly [pattern: RegExp, reader: GivesKernel])[] = [
  [/grub\.cfg-[0-9A-F]{8}$/, grub2GivesKernel],
  [/^arm\/pxelinux\.cfg\/[0-9A-F]{8}$/, ubootGivesKernel],
  [/pxelinux\.cfg\/[0-9A-F]{8}$/, pxelinuxGivesKernel],
  [/ipxe\/[0-9a-f]{8}$/, ipxeGivesKernel],
  [/^grub\/[0-9A-F]{8}$/, grubLegacyGivesKernel],
  [/etc\/[0-9a-f]{8}$/, stringGivesKernel],
  [/^[0-9A-F]{8}\.conf$/, eliloGivesKernel],
  [/petitboot\.cfg$/, petitbootGivesKernel],
  [/_parm$/, zpxeGivesKernel],
];

/** How the file at this path is read; undefined for one that has no kernel options. */
export function readerOf(path: string): GivesKernel | undefined {
  return READERS.find(([pattern]) => pattern.test(path))?.[1];
}
