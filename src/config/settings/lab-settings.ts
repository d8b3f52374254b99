import type { Config } from '../config.ts';
import { host, integer, path, seconds, truth } from '../kinds/scalar-kinds.ts';
import { derived, fixed } from '../setting.ts';
import type { Settings, Surroundings } from '../setting.ts';

/** Which lab this is, and how its worker goes about its work. */
export const labSettings = {
  lab: {
    key: 'LAB',
    description: 'Name of the lab, which names its queue at the broker.',
    kind: host,
    roles: ['worker', 'relay', 'status', 'queue'],
    default: derived('URL_DOMAIN, else the host of PROXY_USER or USERNAME, else the host name', labName),
  },
  urlDomain: {
    key: 'URL_DOMAIN',
    description: 'Fully qualified name of this lab controller, for the URLs that machines fetch from it.',
    kind: host,
    roles: ['worker'],
    default: derived('the host name', (_set, { hostName }) => hostName),
  },
  sleepTimeS: {
    key: 'SLEEP_TIME',
    description: 'Seconds between polls of the server while commands are not pushed.',
    kind: seconds,
    roles: ['worker'],
    default: fixed(20),
  },
  reconcileIntervalS: {
    key: 'RECONCILE_INTERVAL',
    description: 'Seconds between the slow polls that find, while commands are pushed, what never was.',
    kind: seconds,
    roles: ['worker'],
    default: fixed(300),
  },
  fallbackPrimary: {
    key: 'FALLBACK_PRIMARY',
    description: 'Whether this worker, of all workers of the lab, is the one that polls.',
    kind: truth,
    roles: ['worker'],
    default: fixed(true),
  },
  orphanGraceS: {
    key: 'ORPHAN_GRACE',
    description: 'Seconds that no worker names a running command before the fallback primary aborts it.',
    kind: seconds,
    roles: ['worker'],
    default: fixed(60),
  },
  concurrency: {
    key: 'CONCURRENCY',
    description:
      'How many power commands may run at once, and how many others; those that only wait do not count.',
    kind: integer(1, 10_000),
    roles: ['worker'],
    default: fixed(50),
  },
  stopTimeoutS: {
    key: 'STOP_TIMEOUT',
    description:
      'Seconds from the first signal that a stop may take; then scripts are ended, as by a second signal.',
    kind: seconds,
    roles: ['worker'],
    default: fixed(360),
  },
  stateDir: {
    key: 'STATE_DIR',
    description: 'Directory of the journal (worker) or of the commands (server), for one process only.',
    kind: path,
    roles: ['worker', 'server', 'clear-netboot'],
    default: fixed('/var/lib/beaker-provision'),
  },
} as const satisfies Partial<Settings>;

function labName({ urlDomain, proxyUser, username }: Partial<Config>, { hostName }: Surroundings): string {
  return urlDomain ?? /^[^/@]+\/([^/@]+)/.exec(proxyUser ?? username ?? '')?.[1] ?? hostName;
}
