import { accounts } from '../kinds/accounts-kind.ts';
import { amqpUrls } from '../kinds/address-kinds.ts';
import { choice, integer, path, seconds } from '../kinds/scalar-kinds.ts';
import { derived, fixed, unset } from '../setting.ts';
import type { Settings } from '../setting.ts';

/** How to reach the message broker and use it. */
export const brokerSettings = {
  amqpUrls: {
    key: 'AMQP_URL',
    description: 'URLs of the brokers, tried in turn; without any, commands are polled only.',
    kind: amqpUrls,
    roles: ['worker', 'relay', 'server', 'status'],
    default: derived('–', () => []),
  },
  amqpCaCert: {
    key: 'AMQP_CA_CERT',
    description: 'PEM file of the authorities to trust for amqps:// URLs, in place of the usual ones.',
    kind: path,
    roles: ['worker', 'relay', 'server', 'status'],
    default: unset,
  },
  amqpTopology: {
    key: 'AMQP_TOPOLOGY',
    description: 'Whether to declare exchanges and queues, only check that they exist, or neither.',
    kind: choice('declare', 'check', 'none'),
    roles: ['worker', 'relay', 'server', 'status'],
    default: fixed('declare'),
  },
  amqpQueueType: {
    key: 'AMQP_QUEUE_TYPE',
    description: 'Type of the queues that are declared.',
    kind: choice('quorum', 'classic'),
    roles: ['worker', 'relay', 'server'],
    default: fixed('quorum'),
  },
  amqpPrefetch: {
    key: 'AMQP_PREFETCH',
    description: 'How many unsettled messages the broker may hand to a worker at once.',
    kind: integer(1, 65_535),
    roles: ['worker'],
    default: fixed(100),
  },
  amqpHeartbeatS: {
    key: 'AMQP_HEARTBEAT',
    description: 'Seconds between heartbeats; a broker that misses two is given up.',
    kind: integer(1, 3600),
    roles: ['worker', 'relay', 'server', 'status'],
    default: fixed(10),
  },
  amqpFallbackDelayS: {
    key: 'AMQP_FALLBACK_DELAY',
    description: 'Seconds without the broker before the worker polls.',
    kind: seconds,
    roles: ['worker'],
    default: fixed(5),
  },
  relayIntervalS: {
    key: 'RELAY_INTERVAL',
    description: 'Seconds between looks of the relay at the hub.',
    kind: seconds,
    roles: ['relay'],
    default: fixed(1),
  },
  relayLabs: {
    key: 'RELAY_LABS',
    description: 'Accounts of the labs that the relay serves, each with its password.',
    kind: accounts,
    roles: ['relay'],
    default: derived('LAB, with the login of its worker', () => new Map()),
  },
} as const satisfies Partial<Settings>;
