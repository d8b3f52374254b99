import { imagePaths } from '../boot.ts';
import type { BootLoader } from '../boot-loader.ts';
import { file } from '../tree-entry.ts';
import { UncarriedOptionError } from '../uncarried-option-error.ts';

/** Petitboot, in the firmware of newer POWER machines. */
export const petitboot: BootLoader = {
  own: ({ fqdn, options }) => {
    const { kernel, initrd } = imagePaths(fqdn);
    const config = `default Beaker scheduled job for ${fqdn}
label Beaker scheduled job for ${fqdn}
kernel ::/${kernel}
initrd ::/${initrd}
append ${line(options.commandLine('petitboot'))}
`;
    return [file(`bootloader/${fqdn}/petitboot.cfg`, config)];
  },
};

/** Petitboot takes the quotes off both ends of a line and skips one that begins with `#`; what is between is not touched. */
function line(text: string): string {
  const [begin] = /^ *["'#]/.exec(text) ?? [];
  if (begin !== undefined) {
    throw new UncarriedOptionError(
      'Petitboot',
      `does not give the kernel a ${begin.trim()} at the begin of its options`,
      text,
    );
  }
  return text;
}
