import type { BootLoader } from '../boot-loader.ts';
import { file, link } from '../tree-entry.ts';
import { GRUB2_EXIT, grub2Config } from './grub2-config.ts';
import { ipxeLocalBoot, ipxeScript } from './ipxe.ts';
import { localBoot, pxelinuxConfig } from './pxelinux.ts';
import { yabootConfig } from './yaboot.ts';

/**
 * A loader of the system's own in a directory of its own: `bootloader/FQDN/image`, which DHCP names for it, with files for whichever
 * loader that is.
 */
export const custom: BootLoader = {
  own: (boot) => {
    const { fqdn, hexIp, ownLoader } = boot;
    if (ownLoader === undefined) return [];
    const hexip = hexIp.toLowerCase();
    const directory = `bootloader/${fqdn}`;
    return [
      ...('path' in ownLoader ? [link(`${directory}/image`, `../../${ownLoader.path}`)] : []),
      file(`${directory}/grub.cfg-${hexIp}`, grub2Config(boot)),
      file(`${directory}/pxelinux.cfg/${hexIp}`, pxelinuxConfig(boot, '../../')),
      file(`${directory}/ipxe/${hexip}`, ipxeScript(boot)),
      file(`${directory}/etc/${hexip}`, yabootConfig(boot)),
    ];
  },
  defaults: ({ fqdn, ownLoader }) => {
    if (ownLoader === undefined) return [];
    const directory = `bootloader/${fqdn}`;
    return [
      file(`${directory}/grub.cfg`, GRUB2_EXIT),
      file(`${directory}/pxelinux.cfg/default`, localBoot()),
      file(`${directory}/ipxe/default`, ipxeLocalBoot()),
    ];
  },
};
