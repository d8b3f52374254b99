import { imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file } from '../tree-entry.ts';
import { UncarriedOptionError } from '../uncarried-option-error.ts';

/** zPXE, a REXX program on z/VM: it punches the kernel and a parameter file to the guest's reader. */
export const zpxe: BootLoader = {
  own: ({ fqdn, options, kernelUrl, initrdUrl, zpxeUsesFtp }) => {
    const { kernel, initrd } = imagePaths(fqdn);
    const images = zpxeUsesFtp ? [kernelUrl, initrdUrl] : [`/${kernel}`, `/${initrd}`];
    return [
      file(indexOf(fqdn), `${images.join('\n')}\n\n`),
      file(`${indexOf(fqdn)}_parm`, onCards(options.commandLine('zpxe', option))),
      file(`${indexOf(fqdn)}_conf`, ''),
    ];
  },
  cleared: (fqdn) => [file(indexOf(fqdn), 'local\n')],
};

function indexOf(fqdn: string): string {
  return `s390x/s_${fqdn}`;
}

/** A punched card has 80 columns, and a word may go on on the next. */
function onCards(text: string): string {
  const cards = text.match(/.{1,80}/gu) ?? [];
  return cards.map((card) => `${card}\n`).join('');
}

/** What has no character in EBCDIC cannot be punched. */
function option(text: string): string {
  if (/[^ -~]/u.test(text)) throw new UncarriedOptionError('zPXE', 'reads ASCII only', text);
  return text;
}
