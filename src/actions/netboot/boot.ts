import { posix } from 'node:path';
import { isIPv4 } from 'node:net';
import type { NetbootSettings } from '../../command.ts';
import { CommandFailedError } from '../../errors.ts';
import { readable } from './images/readable-url.ts';
import { KernelOptions } from './kernel-options.ts';

/** By what boot loaders name the files of a system. */
export interface SystemNames {
  readonly fqdn: string;
  /** Its IPv4 address as 8 upper-case hex digits. */
  readonly hexIp: string;
}

/** What a boot loader has to know to boot a system into its installer. */
export interface Boot extends SystemNames {
  /** Without `netbootloader=`, which is for us alone. */
  readonly options: KernelOptions;
  readonly kernelUrl: string;
  readonly initrdUrl: string;
  /** A loader of its own for the system: fetched from a URL, or one of the tree by its path below the root. */
  readonly ownLoader: { readonly url: string } | { readonly path: string } | undefined;
  readonly arch: string;
  /** Whether zPXE fetches the images from the distribution's FTP server, not from us. */
  readonly zpxeUsesFtp: boolean;
}

/** What is known of a system besides what the hub says. */
export interface BootSurroundings {
  readonly fqdn: string;
  /** IPv4, dotted. */
  readonly address: string;
  readonly zpxeUsesFtp: boolean;
}

/**
 * Describes a boot to the boot loaders.
 * @throws CommandFailedError when the options would not stay on their line in a boot file, or name files outside of the tree
 */
export function describeBoot(
  netboot: NetbootSettings,
  { fqdn, address, zpxeUsesFtp }: BootSurroundings,
): Boot {
  const all = new KernelOptions(onOneLine(netboot.kernelOptions, 'kernel options', fqdn));
  const { values, rest: options } = all.take('netbootloader');
  const [loader] = values.slice(-1).map((path) => insideTree(path, 'netbootloader', fqdn));
  for (const path of options.take('devicetree').values) insideTree(path, 'devicetree', fqdn);
  for (const postfix of options.take('grub2_postfix').values) aWord(postfix, 'grub2_postfix', fqdn);
  const url = netboot.imageUrl;
  return {
    fqdn,
    hexIp: hexOf(address),
    options,
    kernelUrl: onOneLine(netboot.kernelUrl, 'kernel URL', fqdn),
    initrdUrl: onOneLine(netboot.initrdUrl, 'initrd URL', fqdn),
    // An empty one is none: the hub's database knows no difference.
    ownLoader:
      url !== undefined && url !== '' ? { url } : loader === undefined ? undefined : { path: loader },
    arch: netboot.arch,
    zpxeUsesFtp,
  };
}

/** `10.0.0.1` → `0A000001`, by which PXELINUX and its like look for their files. */
export function hexOf(address: string): string {
  if (!isIPv4(address)) throw new Error(`expected an IPv4 address, found ${address}`);
  const bytes = address.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0'));
  return bytes.join('').toUpperCase();
}

/** Where the system's images are, relative to the root. */
export function imagePaths(fqdn: string): { readonly kernel: string; readonly initrd: string } {
  return { kernel: `images/${fqdn}/kernel`, initrd: `images/${fqdn}/initrd` };
}

function onOneLine(text: string, what: string, fqdn: string): string {
  // A boot file's next line would be a command to the boot loader. A tab is a space; no other control character has a use here.
  if (/[^\P{Cc}\t]|[\u2028\u2029]/u.test(text)) {
    throw refused(fqdn, what, 'one line without control characters', text);
  }
  return text;
}

/** The path relative to the root; boot loaders write it with and without a leading slash. */
function insideTree(path: string, option: string, fqdn: string): string {
  const relative = posix.normalize(path.replace(/^\/+/, ''));
  const leaves =
    relative === '..' || relative.startsWith('../') || relative === '.' || relative.endsWith('/');
  if (leaves) throw refused(fqdn, `${option}=`, 'the path of a file inside TFTP_ROOT', path);
  return relative;
}

function aWord(value: string, option: string, fqdn: string): void {
  if (!/^\w+$/.test(value)) throw refused(fqdn, `${option}=`, 'letters and digits', value);
}

function refused(fqdn: string, what: string, expected: string, found: string): CommandFailedError {
  return new CommandFailedError(
    `${fqdn}: ${what}: expected ${expected}, found ${JSON.stringify(excerpt(readable(found)))}; correct the recipe's or the system's options`,
    { systemBroken: false },
  );
}

function excerpt(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
