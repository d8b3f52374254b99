import { type Boot, imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file } from '../tree-entry.ts';
import { ipxeText } from './ipxe-text.ts';

/** iPXE, as it comes with network cards, virtual machines and OpenStack. */
export const ipxe: BootLoader = {
  own: (boot) => [file(`ipxe/${boot.hexIp.toLowerCase()}`, ipxeScript(boot))],
  shared: [file('ipxe/default', ipxeLocalBoot())],
};

/** Boots the system. */
export function ipxeScript({ fqdn, options }: Boot): string {
  const { kernel, initrd } = imagePaths(fqdn);
  const { values, rest } = options.take('initrd');
  const lines = [
    '#!ipxe',
    `kernel /${kernel}`,
    `initrd /${initrd}`,
    ...values.map((value) => `initrd ${ipxeText(value)}`),
    `imgargs kernel initrd=initrd ${rest.commandLine('ipxe', ipxeText)} BOOTIF=01-\${netX/mac:hexhyp}`,
    'boot || exit 1',
  ];
  return `${lines.join('\n')}\n`;
}

/** Boots from the first disk on BIOS; on UEFI the firmware goes on by itself. */
export function ipxeLocalBoot(): string {
  return `#!ipxe
iseq \${builtin/platform} pcbios && sanboot --no-describe --drive 0x80 ||
exit 1
`;
}
