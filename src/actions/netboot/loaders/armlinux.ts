import { imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file } from '../tree-entry.ts';
import { UncarriedOptionError } from '../uncarried-option-error.ts';

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
    append ${line(options.commandLine('armpxe', option))}
`;
    return [file(`arm/pxelinux.cfg/${hexIp}`, config)];
  },
  // The boot file that DHCP names: U-Boot fetches it, and looks for pxelinux.cfg beside it.
  shared: [file('arm/empty', '')],
};

/** U-Boot treats the line as one of its own commands, but old versions do not: what only one of them reads as it is cannot be written. */
function option(text: string): string {
  const [sign] = /['\\]|\$[({]/.exec(text) ?? [];
  if (sign !== undefined) {
    throw new UncarriedOptionError('U-Boot', `has a meaning of its own for ${sign}`, text);
  }
  return text;
}

function line(text: string): string {
  if (/^ *#/.test(text)) {
    throw new UncarriedOptionError('U-Boot', 'takes a line that begins with # for a comment', text);
  }
  return text;
}
