import { imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file, link } from '../tree-entry.ts';
import { UncarriedOptionError } from '../uncarried-option-error.ts';

/** GRUB Legacy for EFI, as in Red Hat Enterprise Linux 6. */
export const efigrub: BootLoader = {
  own: ({ fqdn, hexIp, options }) => {
    const { kernel, initrd } = imagePaths(fqdn);
    const { values, rest } = options.take('initrd');
    const initrds = [`/${initrd}`, ...values.flatMap((value) => value.split(','))];
    const config = `default 0
timeout 10
title Beaker scheduled job for ${fqdn}
    root (nd)
    ${line(`kernel /${kernel} ${rest.commandLine('efigrub')}`)}
    ${line(`initrd ${initrds.join(' ')}`)}
`;
    return [file(`grub/${hexIp}`, config)];
  },
  // Its paths are relative to where it is itself.
  shared: [link('grub/images', '../images')],
};

/** GRUB Legacy gives the kernel the rest of the line as it is, but cuts lines of more than its buffer's 1500 bytes. */
function line(text: string): string {
  const length = Buffer.byteLength(text);
  if (length < 1500) return text;
  throw new UncarriedOptionError('GRUB Legacy', 'cuts lines at 1499 bytes', `${length} bytes`);
}
