import { posix } from 'node:path';
import { refused } from './refused.ts';

/**
 * The text, which is one line.
 * @throws CommandFailedError for a control character other than a tab, and for half a character
 */
export function onOneLine(text: string, what: string, fqdn: string): string {
  // A boot file's next line would be a command to the boot loader. A tab is a space; no other control character has a use here. Half a
  // character would be written as another.
  const [bad] = /[^\P{Cc}\t]|[\u2028\u2029]|\p{Cs}/u.exec(text) ?? [];
  if (bad !== undefined) {
    const name = `U+${(bad.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
    throw refused(fqdn, what, `one line without control characters such as ${name}`, text);
  }
  return text;
}

/**
 * The options with a space for each tab between them: most boot files know no tab.
 * @throws CommandFailedError for a tab inside of double quotes
 */
export function withSpaces(text: string, fqdn: string): string {
  const spaced = text.replaceAll(/"[^"]*(?:"|$)|\t/g, (part) => (part === '\t' ? ' ' : part));
  if (spaced.includes('\t')) throw refused(fqdn, 'kernel options', 'no tab inside of double quotes', text);
  return spaced;
}

/**
 * A file name that no boot loader, and not the kernel, reads as anything else.
 * @throws CommandFailedError for quotes and backslashes
 */
export function fileName(path: string, option: string, fqdn: string): string {
  if (/["'\\]/.test(path)) {
    throw refused(fqdn, `${option}=`, 'a file name without quotes and backslashes', path);
  }
  return path;
}

/**
 * The path relative to the root; boot loaders write it with and without a leading slash.
 * @throws CommandFailedError for a path that leaves the root or is a directory's
 */
export function insideTree(path: string, option: string, fqdn: string): string {
  const relative = posix.normalize(path.replace(/^\/+/, ''));
  const leaves =
    relative === '..' || relative.startsWith('../') || relative === '.' || relative.endsWith('/');
  if (leaves) throw refused(fqdn, `${option}=`, 'the path of a file inside TFTP_ROOT', path);
  return relative;
}

/** @throws CommandFailedError for anything but a word of letters, digits and underscores */
export function aWord(value: string, option: string, fqdn: string): void {
  if (!/^\w+$/.test(value)) throw refused(fqdn, `${option}=`, 'letters and digits', value);
}
