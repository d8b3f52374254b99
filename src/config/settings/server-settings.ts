import type { Config, ListenAddress } from '../config.ts';
import { accounts } from '../kinds/accounts-kind.ts';
import { formatListenAddress, httpUrl, listenAddress } from '../kinds/address-kinds.ts';
import { path } from '../kinds/scalar-kinds.ts';
import { derived, fixed, unset } from '../setting.ts';
import type { Settings } from '../setting.ts';

const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: 8000 };

/** The small server of our own, and where its clients find it. */
export const serverSettings = {
  serverListen: {
    key: 'SERVER_LISTEN',
    description: 'Address that the server listens on.',
    kind: listenAddress,
    roles: ['server'],
    default: fixed(formatListenAddress(DEFAULT_LISTEN)),
  },
  serverAccounts: {
    key: 'SERVER_ACCOUNTS',
    description: 'Accounts of the labs that the server serves, each with its password.',
    kind: accounts,
    roles: ['server'],
    default: derived('the one of USERNAME and PASSWORD', ownAccount),
  },
  serverSystems: {
    key: 'SERVER_SYSTEMS',
    description: 'JSON file that lists the systems that the server knows.',
    kind: path,
    roles: ['server'],
    default: unset,
  },
  serverUrl: {
    key: 'SERVER_URL',
    description: 'Where the `queue` command finds the server.',
    kind: httpUrl,
    roles: ['queue'],
    default: derived('http:// and SERVER_LISTEN', localUrl),
  },
} as const satisfies Partial<Settings>;

function ownAccount({ username, password }: Partial<Config>): ReadonlyMap<string, string> {
  return new Map(username === undefined || password === undefined ? [] : [[username, password.reveal()]]);
}

/** Who listens everywhere is found on the loopback interface; no client can connect to "everywhere". */
function localUrl({ serverListen = DEFAULT_LISTEN }: Partial<Config>): string {
  const { host, port } = serverListen;
  const reachable = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${formatListenAddress({ host: reachable, port })}`;
}
