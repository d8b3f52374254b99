import { imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file } from '../tree-entry.ts';

/** Petitboot, in the firmware of newer POWER machines. */
export const petitboot: BootLoader = {
  own: ({ fqdn, options }) => {
    const { kernel, initrd } = imagePaths(fqdn);
    const config = `default Beaker scheduled job for ${fqdn}
label Beaker scheduled job for ${fqdn}
kernel ::/${kernel}
initrd ::/${initrd}
append ${options.commandLine('petitboot')}
`;
    return [file(`bootloader/${fqdn}/petitboot.cfg`, config)];
  },
};
