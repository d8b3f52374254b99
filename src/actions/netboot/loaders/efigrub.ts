import { imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file, link } from '../tree-entry.ts';

/** GRUB Legacy for EFI, as in Red Hat Enterprise Linux 6. */
export const efigrub: BootLoader = {
  own: ({ fqdn, hexIp, options }) => {
    const { kernel, initrd } = imagePaths(fqdn);
    const { values, rest } = options.take('initrd');
    const initrds = [`/${initrd}`, ...values.flatMap((value) => value.split(','))].join(' ');
    const config = `default 0
timeout 10
title Beaker scheduled job for ${fqdn}
    root (nd)
    kernel /${kernel} ${rest.commandLine('efigrub')}
    initrd ${initrds}
`;
    return [file(`grub/${hexIp}`, config)];
  },
  // Its paths are relative to where it is itself.
  shared: [link('grub/images', '../images')],
};
