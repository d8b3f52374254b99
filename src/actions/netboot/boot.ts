import { isIPv4 } from 'node:net';
import type { NetbootSettings } from '../../command.ts';
import { CommandFailedError } from '../../errors.ts';
import { aWord, fileName, insideTree, onOneLine, withSpaces } from './hub-texts.ts';
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
 * @throws CommandFailedError when a text would not stay on its line in a boot file, when options name files outside of the tree, or when
 * zPXE is to fetch from where it cannot
 */
export function describeBoot(
  netboot: NetbootSettings,
  { fqdn, address, zpxeUsesFtp }: BootSurroundings,
): Boot {
  const all = new KernelOptions(withSpaces(onOneLine(netboot.kernelOptions, 'kernel options', fqdn), fqdn));
  const { values, rest: options } = all.take('netbootloader');
  const [loader] = values.slice(-1).map((path) => insideTree(path, 'netbootloader', fqdn));
  for (const path of options.take('devicetree').values) {
    insideTree(fileName(path, 'devicetree', fqdn), 'devicetree', fqdn);
  }
  for (const path of options.take('initrd').values) fileName(path, 'initrd', fqdn);
  for (const postfix of options.take('grub2_postfix').values) aWord(postfix, 'grub2_postfix', fqdn);
  const { imageUrl, arch } = netboot;
  const urls = {
    kernelUrl: onOneLine(netboot.kernelUrl, 'kernel URL', fqdn),
    initrdUrl: onOneLine(netboot.initrdUrl, 'initrd URL', fqdn),
  };
  if (zpxeUsesFtp && ['s390', 's390x'].includes(arch)) requireFtp(urls, fqdn);
  return {
    ...{ fqdn, hexIp: hexOf(address), options, ...urls, arch, zpxeUsesFtp },
    // An empty one is none: the hub's database knows no difference.
    ownLoader:
      imageUrl !== undefined && imageUrl !== ''
        ? { url: imageUrl }
        : loader === undefined
          ? undefined
          : { path: loader },
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

/** zPXE's own fetching, from where the hub says, is by FTP alone, and a space ends the URL. */
function requireFtp(urls: Readonly<Record<'kernelUrl' | 'initrdUrl', string>>, fqdn: string): void {
  const other = Object.values(urls).find((url) => !/^ftp:\/\/[!-~]+$/.test(url));
  if (other === undefined) return;
  const found = JSON.stringify(readable(other));
  throw new CommandFailedError(
    `${fqdn}: zPXE fetches by FTP only: expected ftp:// URLs of kernel and initrd, in ASCII and without spaces, found ${found}; give the distribution an FTP URL, or set ZPXE_USE_FTP = False`,
    { systemBroken: false },
  );
}
