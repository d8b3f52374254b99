import { type Boot, imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file, link } from '../tree-entry.ts';
import { quotedString } from './quoted-string.ts';

/** yaboot, for older POWER machines. */
export const yaboot: BootLoader = {
  own: (boot) => {
    const hexip = boot.hexIp.toLowerCase();
    return [file(`etc/${hexip}`, yabootConfig(boot)), link(`ppc/${hexip}`, '../yaboot')];
  },
};

/** Boots the system. */
export function yabootConfig({ fqdn, options }: Boot): string {
  const { kernel, initrd } = imagePaths(fqdn);
  return `init-message="Beaker scheduled job for ${fqdn}"
timeout=80
delay=10
default=linux

image=/${kernel}
    label=linux
    initrd=/${initrd}
    append=${quotedString(options.commandLine('yaboot'))}
`;
}
