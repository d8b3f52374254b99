import type { BootLoader } from '../boot-loader.ts';
import { grub2ConfigIn, grub2ExitIn } from './grub2-config.ts';

const DIRECTORIES = ['EFI/BOOT', 'aarch64'];

/** GRUB 2 on 64-bit ARM. */
export const grub2Aarch64: BootLoader = {
  own: (boot) => grub2ConfigIn(DIRECTORIES, boot),
  shared: grub2ExitIn(DIRECTORIES),
};
