import { type Boot, imagePaths } from '../boot.ts';
import { file, type TreeEntry } from '../tree-entry.ts';
import { grub2Argument, grub2Word } from './grub2-argument.ts';

/** What GRUB does for whoever has no file of his own: the firmware goes on to the next device. */
export const GRUB2_EXIT = 'exit\n';

/** Boots the system. Firmware that needs `linuxefi` says so by `grub2_postfix=efi`; only 64-bit ARM has device trees to load. */
export function grub2Config({ fqdn, arch, options }: Boot): string {
  const { kernel, initrd } = imagePaths(fqdn);
  const { values: postfixes, rest } = options.take('grub2_postfix');
  const postfix = postfixes.at(-1) ?? '';
  const { values: trees, rest: bare } = arch === 'aarch64' ? rest.take('devicetree') : { values: [], rest };
  const tree = trees.at(-1);
  return `linux${postfix}  /${kernel} ${bare.commandLine('grub2', grub2Argument)}
initrd${postfix} /${initrd}
${tree === undefined ? '' : `devicetree ${grub2Word(tree)}`}
boot
`;
}

/** The system's file in each of the directories in which GRUB may have been built to look. */
export function grub2ConfigIn(directories: readonly string[], boot: Boot): readonly TreeEntry[] {
  return directories.map((directory) => file(`${directory}/grub.cfg-${boot.hexIp}`, grub2Config(boot)));
}

/** The file for all others in each of the directories. */
export function grub2ExitIn(directories: readonly string[]): readonly TreeEntry[] {
  return directories.map((directory) => file(`${directory}/grub.cfg`, GRUB2_EXIT));
}
