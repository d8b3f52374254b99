import { integer, path, seconds, truth } from '../kinds/scalar-kinds.ts';
import { fixed } from '../setting.ts';
import type { Settings } from '../setting.ts';

/** How machines are powered and provisioned. */
export const powerSettings = {
  powerAttempts: {
    key: 'POWER_ATTEMPTS',
    description: 'How often a power script is tried before its command fails.',
    // Before attempt n there is a wait of up to 2^n seconds; past 20, a timer cannot hold it.
    kind: integer(1, 20),
    roles: ['worker'],
    default: fixed(5),
  },
  powerTimeoutS: {
    key: 'POWER_TIMEOUT',
    description: 'Seconds that one run of a power script may take before it is killed.',
    kind: seconds,
    roles: ['worker'],
    default: fixed(300),
  },
  powerScriptsDir: {
    key: 'POWER_SCRIPTS_DIR',
    description: 'Directory of your own power scripts, which take precedence over the bundled ones.',
    kind: path,
    roles: ['worker'],
    default: fixed('/etc/beaker/power-scripts'),
  },
  consoleLogs: {
    key: 'CONSOLE_LOGS',
    description: "Directory of console logs; a system's are named FQDN and FQDN-*.",
    kind: path,
    roles: ['worker'],
    default: fixed('/var/consoles'),
  },
  tftpRoot: {
    key: 'TFTP_ROOT',
    description: 'Directory that the TFTP server serves and netboot files are written to.',
    kind: path,
    roles: ['worker'],
    default: fixed('/var/lib/tftpboot'),
    isFlagless: true,
  },
  imageFetchTimeoutS: {
    key: 'IMAGE_FETCH_TIMEOUT',
    description: 'Seconds that fetching a boot image may take.',
    kind: seconds,
    roles: ['worker'],
    default: fixed(120),
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
