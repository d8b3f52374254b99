import { imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file } from '../tree-entry.ts';

/** ELILO, for Itanium machines. */
export const elilo: BootLoader = {
  own: ({ fqdn, hexIp, options }) => {
    const { kernel, initrd } = imagePaths(fqdn);
    const config = `relocatable

image=/${kernel}
    label=netinstall
    append="${options.commandLine('elilo')}"
    initrd=/${initrd}
    read-only
    root=/dev/ram
`;
    return [file(`${hexIp}.conf`, config)];
  },
};
