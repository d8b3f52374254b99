import { type Boot, imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file } from '../tree-entry.ts';
import { UncarriedOptionError } from '../uncarried-option-error.ts';

/** PXELINUX, for BIOS machines. */
export const pxelinux: BootLoader = {
  own: (boot) => [file(`pxelinux.cfg/${boot.hexIp}`, pxelinuxConfig(boot, '/'))],
  shared: [file('pxelinux.cfg/default', localBoot())],
};

/** Boots the system; `up` leads from where PXELINUX is to the root, which is `/` when it is there. */
export function pxelinuxConfig({ fqdn, options }: Boot, up: string): string {
  const { kernel, initrd } = imagePaths(fqdn);
  const { values, rest } = options.take('initrd');
  const initrds = [`${up}${initrd}`, ...values].join(',');
  const append = `initrd=${initrds} ${rest.commandLine('pxe')}`;
  requireLength(`BOOT_IMAGE=${up}${kernel} ${append} BOOTIF=01-00-00-00-00-00-00`);
  return `default linux
prompt 0
timeout 100
label linux
    kernel ${up}${kernel}
    ipappend 2
    append ${append}
`;
}

/** Boots from the first disk whoever has no file of his own. */
export function localBoot(): string {
  return `default local
prompt 0
timeout 0
label local
    localboot 0
`;
}

/** PXELINUX gives the kernel the rest of the line as it is, but stops at the prompt when that is more than kernels for x86 take. */
function requireLength(commandLine: string): void {
  const length = Buffer.byteLength(commandLine);
  if (length <= 2047) return;
  throw new UncarriedOptionError(
    'PXELINUX',
    'boots with at most 2047 bytes, those included that it adds itself',
    `${length} bytes`,
  );
}
