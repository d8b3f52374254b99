import { imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file } from '../tree-entry.ts';

/** U-Boot of 32-bit ARM machines, which reads what PXELINUX reads. */
export const armlinux: BootLoader = {
  own: ({ fqdn, hexIp, options }) => {
    const { kernel, initrd } = imagePaths(fqdn);
    const config = `default linux
prompt 0
timeout 100
label linux
    kernel ../${kernel}
    initrd ../${initrd}
    append ${options.commandLine('armpxe')}
`;
    return [file(`arm/pxelinux.cfg/${hexIp}`, config)];
  },
  // The boot file that DHCP names: U-Boot fetches it, and looks for pxelinux.cfg beside it.
  shared: [file('arm/empty', '')],
};
