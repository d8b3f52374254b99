import { imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file } from '../tree-entry.ts';
import { UncarriedOptionError } from '../uncarried-option-error.ts';
import { quotedString } from './quoted-string.ts';

/** ELILO, for Itanium machines. */
export const elilo: BootLoader = {
  own: ({ fqdn, hexIp, options }) => {
    const { kernel, initrd } = imagePaths(fqdn);
    const config = `relocatable

image=/${kernel}
    label=netinstall
    append=${quotedString(options.commandLine('elilo', option))}
    initrd=/${initrd}
    read-only
    root=/dev/ram
`;
    return [file(`${hexIp}.conf`, config)];
  },
};

/** ELILO reads ASCII, and has variables of one letter. */
function option(text: string): string {
  const [sign] = /[^ -~]|%[A-Za-z]/u.exec(text) ?? [];
  if (sign === undefined) return text;
  const because = sign.startsWith('%')
    ? `may put a variable's value in place of ${sign}`
    : 'reads ASCII only';
  throw new UncarriedOptionError('ELILO', because, text);
}
