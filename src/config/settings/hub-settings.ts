import { httpUrl } from '../kinds/address-kinds.ts';
import { choice, path, secret, text, truth } from '../kinds/scalar-kinds.ts';
import { fixed, unset } from '../setting.ts';
import type { Settings } from '../setting.ts';

/** How to reach the Beaker server and log in to it. */
export const hubSettings = {
  hubUrl: {
    key: 'HUB_URL',
    description: 'Base URL of the Beaker server; commands are fetched from and reported to it.',
    kind: httpUrl,
    roles: ['worker', 'relay'],
    default: unset,
  },
  authMethod: {
    key: 'AUTH_METHOD',
    description: 'How to log in to the Beaker server.',
    kind: choice('password', 'krbv', 'oauth2', 'none'),
    roles: ['worker', 'relay'],
    default: fixed('password'),
  },
  username: {
    key: 'USERNAME',
    description: 'Account of this lab controller at the server, usually host/FQDN.',
    kind: text,
    roles: ['worker', 'relay', 'server', 'queue'],
    default: unset,
  },
  password: {
    key: 'PASSWORD',
    description: 'Password of USERNAME.',
    kind: secret,
    roles: ['worker', 'relay', 'server', 'queue'],
    default: unset,
  },
  proxyUser: {
    key: 'PROXY_USER',
    description:
      'Account to act for after logging in as USERNAME; the server must permit USERNAME to do so (proxy_auth).',
    kind: text,
    roles: ['worker', 'relay'],
    default: unset,
  },
  krbPrincipal: {
    key: 'KRB_PRINCIPAL',
    description: 'Kerberos principal to log in as.',
    kind: text,
    roles: ['worker', 'relay'],
    default: unset,
    isFlagless: true,
  },
  krbKeytab: {
    key: 'KRB_KEYTAB',
    description: 'Keytab with the key of KRB_PRINCIPAL.',
    kind: path,
    roles: ['worker', 'relay'],
    default: unset,
    isFlagless: true,
  },
  krbService: {
    key: 'KRB_SERVICE',
    description: "Service part of the server's Kerberos principal.",
    kind: text,
    roles: ['worker', 'relay'],
    default: fixed('HTTP'),
    isFlagless: true,
  },
  krbRealm: {
    key: 'KRB_REALM',
    description: "Kerberos realm of the server, when it is not the host's own.",
    kind: text,
    roles: ['worker', 'relay'],
    default: unset,
    isFlagless: true,
  },
  krbCcache: {
    key: 'KRB_CCACHE',
    description: 'Credential cache to keep Kerberos tickets in.',
    kind: path,
    roles: ['worker', 'relay'],
    default: unset,
    isFlagless: true,
  },
  accessToken: {
    key: 'ACCESS_TOKEN',
    description: 'Token to log in with when AUTH_METHOD is oauth2.',
    kind: secret,
    roles: ['worker', 'relay'],
    default: unset,
  },
  caCert: {
    key: 'CA_CERT',
    description: 'PEM file of the authorities to trust for HUB_URL, in place of the usual ones.',
    kind: path,
    roles: ['worker', 'relay'],
    default: unset,
  },
  sslVerify: {
    key: 'SSL_VERIFY',
    description: "Whether the server's TLS certificate is checked.",
    kind: truth,
    roles: ['worker', 'relay'],
    default: fixed(true),
  },
} as const satisfies Partial<Settings>;
