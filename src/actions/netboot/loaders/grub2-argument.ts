import { UncarriedOptionError } from '../uncarried-option-error.ts';

/** What GRUB's script language leaves as it is, wherever it is in a word. */
const PLAIN = /^[\w.,:/=@%+-]+$/;

/** A file name as a word of GRUB's script language. */
export function grub2Word(text: string): string {
  return PLAIN.test(text) ? text : `'${text}'`;
}

/**
 * A kernel option as an argument of GRUB's command `linux`. GRUB joins its arguments with spaces, puts those that contain a space into
 * double quotes, and, up to 2.12, puts a backslash before each quote and backslash. So double quotes around a value are left to GRUB: it
 * makes `"a=b c"` of `a="b c"`, which the kernel reads the same.
 * @throws UncarriedOptionError for any other quote, and for a backslash
 */
export function grub2Argument(option: string): string {
  const argument = option.replace(/^(?:([^"=]+=)"([^"]*)"|"([^"]+)")$/, '$1$2$3');
  const [sign] = /["'\\]/.exec(argument) ?? [];
  if (sign !== undefined) {
    throw new UncarriedOptionError('GRUB 2', `gives the kernel ${sign} with a backslash before it`, option);
  }
  return grub2Word(argument);
}
