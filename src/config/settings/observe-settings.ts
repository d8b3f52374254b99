import { listenAddress } from '../kinds/address-kinds.ts';
import { choice } from '../kinds/scalar-kinds.ts';
import { derived, fixed, unset } from '../setting.ts';
import type { Settings } from '../setting.ts';

/** What can be seen of a running process. */
export const observeSettings = {
  httpListen: {
    key: 'HTTP_LISTEN',
    description: 'Address for metrics, health and status; not built yet.',
    kind: listenAddress,
    roles: [],
    default: unset,
  },
  logLevel: {
    key: 'LOG_LEVEL',
    description: 'Least severe level that is logged.',
    kind: choice('error', 'warn', 'info', 'debug'),
    roles: ['worker', 'relay', 'server', 'status', 'queue', 'clear-netboot'],
    default: fixed('info'),
  },
  logFormat: {
    key: 'LOG_FORMAT',
    description: 'Form of log lines.',
    kind: choice('text', 'json'),
    roles: ['worker', 'relay', 'server', 'status', 'queue', 'clear-netboot'],
    default: derived('text on a terminal, else json', (_set, { isTerminal }) =>
      isTerminal ? 'text' : 'json',
    ),
  },
} as const satisfies Partial<Settings>;
