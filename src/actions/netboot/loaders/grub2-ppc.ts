import type { BootLoader } from '../boot-loader.ts';
import { file, link } from '../tree-entry.ts';
import { grub2Config, grub2ConfigIn, grub2ExitIn } from './grub2-config.ts';

const DIRECTORIES = ['ppc', 'boot/grub2'];

/** GRUB 2 on POWER, which looks for its configuration where it was built to, and in the root. */
export const grub2Ppc: BootLoader = {
  own: (boot) => [
    ...grub2ConfigIn(DIRECTORIES, boot),
    file(`grub.cfg-${boot.hexIp}`, grub2Config(boot)),
    link(`ppc/${boot.hexIp.toLowerCase()}-grub2`, '../boot/grub2/powerpc-ieee1275/core.elf'),
  ],
  shared: grub2ExitIn(DIRECTORIES),
};
