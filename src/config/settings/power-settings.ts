import { integer, path, seconds } from '../kinds/scalar-kinds.ts';
import { fixed } from '../setting.ts';
import type { Settings } from '../setting.ts';

/** How machines are powered. */
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
} as const satisfies Partial<Settings>;
