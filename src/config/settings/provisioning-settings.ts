import { integer, path, seconds, truth } from '../kinds/scalar-kinds.ts';
import { fixed } from '../setting.ts';
import type { Settings } from '../setting.ts';

/** How machines get their network boot, and where their console logs are. */
export const provisioningSettings = {
  consoleLogs: {
    key: 'CONSOLE_LOGS',
    description:
      "Directory of console logs; a system's are named FQDN, FQDN-*, FQDN_*, and FQDN with endings such as .log, .1, .2026-11-28, .gz and .old.",
    kind: path,
    roles: ['worker'],
    default: fixed('/var/consoles'),
  },
  tftpRoot: {
    key: 'TFTP_ROOT',
    description: 'Directory that the TFTP server serves and netboot files are written to.',
    kind: path,
    roles: ['worker', 'clear-netboot'],
    default: fixed('/var/lib/tftpboot'),
    isFlagless: true,
  },
  imageFetchTimeoutS: {
    key: 'IMAGE_FETCH_TIMEOUT',
    description: 'Seconds without progress after which fetching a boot image is given up.',
    kind: seconds,
    roles: ['worker'],
    default: fixed(120),
    isFlagless: true,
  },
  imageFetchDeadlineS: {
    key: 'IMAGE_FETCH_DEADLINE',
    description: 'Seconds after which fetching a boot image is given up, whatever its progress.',
    kind: seconds,
    roles: ['worker'],
    default: fixed(3600),
    isFlagless: true,
  },
  imageMaxMb: {
    key: 'IMAGE_MAX_MB',
    description: 'Size in megabytes (10^6 bytes) above which a boot image is not fetched.',
    kind: integer(1, 1_000_000),
    roles: ['worker'],
    default: fixed(4096),
    isFlagless: true,
  },
  imageCacheMb: {
    key: 'IMAGE_CACHE_MB',
    description:
      'Megabytes (10^6 bytes) of fetched boot images to keep below TFTP_ROOT for the next system; 0: none.',
    kind: integer(0, 10_000_000),
    roles: ['worker'],
    default: fixed(10_000),
    isFlagless: true,
  },
  zpxeUseFtp: {
    key: 'ZPXE_USE_FTP',
    description: 'Whether s390x index files hold FTP URLs; local paths otherwise.',
    kind: truth,
    roles: ['worker'],
    default: fixed(true),
    isFlagless: true,
  },
} as const satisfies Partial<Settings>;
