import type { BootLoader } from '../boot-loader.ts';
import { grub2ConfigIn, grub2ExitIn } from './grub2-config.ts';

const DIRECTORIES = ['EFI/BOOT', 'x86_64', 'boot/grub2'];

/** GRUB 2 on x86_64, by UEFI or BIOS. */
export const grub2X8664: BootLoader = {
  own: (boot) => grub2ConfigIn(DIRECTORIES, boot),
  shared: grub2ExitIn(DIRECTORIES),
};
