import { choice, integer, path, seconds } from '../kinds/scalar-kinds.ts';
import { variables } from '../kinds/variables-kind.ts';
import { derived, fixed } from '../setting.ts';
import type { Settings } from '../setting.ts';

/** Labs without power scripts of their own do not have it. */
export const DEFAULT_POWER_SCRIPTS_DIR = '/etc/beaker/power-scripts';

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
  processStarter: {
    key: 'PROCESS_STARTER',
    description:
      'What starts power scripts: posix (posix_spawn(3) of glibc, quicker), node (works everywhere), or auto: posix where it works.',
    kind: choice('auto', 'posix', 'node'),
    roles: ['worker'],
    default: fixed('auto'),
    isFlagless: true,
  },
  powerScriptsDir: {
    key: 'POWER_SCRIPTS_DIR',
    description:
      'Directory of your own power scripts, which take precedence over the bundled ones; any but the default has to exist.',
    kind: path,
    roles: ['worker'],
    default: fixed(DEFAULT_POWER_SCRIPTS_DIR),
  },
  powerEnvironment: {
    key: 'POWER_ENVIRONMENT',
    description:
      "Names of variables of the worker's environment that power scripts get as well; `*` at the end for all that begin so.",
    kind: variables,
    roles: ['worker'],
    default: derived('–', () => []),
  },
  ipmi15: {
    key: 'IPMI_1_5',
    description:
      'Whether the bundled `ipmitool` script may speak IPMI 1.5 to a BMC that does not answer to IPMI 2.0.',
    kind: choice('never', 'fallback'),
    roles: ['worker'],
    default: fixed('never'),
  },
} as const satisfies Partial<Settings>;
