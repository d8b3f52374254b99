import { join } from 'node:path';
import type { Secret } from '../secret.ts';
import type { LabAccount } from './lab-account.ts';

export interface RoleEnvironmentOptions {
  /** Our own environment. */
  readonly environment: NodeJS.ProcessEnv;
  readonly account: LabAccount;
  /** The folder of the show. */
  readonly dir: string;
  readonly brokerUrls: readonly Secret[];
}

/** What a server of the show is configured with. */
export function serverEnvironment(options: RoleEnvironmentOptions): NodeJS.ProcessEnv {
  return {
    ...common(options),
    BEAKER_STATE_DIR: join(options.dir, 'server'),
    BEAKER_SERVER_LISTEN: '127.0.0.1:0',
    BEAKER_SERVER_SYSTEMS: join(options.dir, 'systems.json'),
  };
}

/** What a worker of the show is configured with. */
export function workerEnvironment(options: RoleEnvironmentOptions, hubUrl: string): NodeJS.ProcessEnv {
  return {
    ...common(options),
    BEAKER_STATE_DIR: join(options.dir, 'worker'),
    BEAKER_HUB_URL: hubUrl,
    BEAKER_SLEEP_TIME: '1',
    BEAKER_POWER_ATTEMPTS: '1',
    BEAKER_POWER_SCRIPTS_DIR: join(options.dir, 'power-scripts'),
    BEAKER_TFTP_ROOT: join(options.dir, 'tftp'),
    BEAKER_CONSOLE_LOGS: join(options.dir, 'consoles'),
  };
}

function common({ environment, account, brokerUrls }: RoleEnvironmentOptions): NodeJS.ProcessEnv {
  const urls = brokerUrls.map((url) => url.reveal()).join(',');
  return {
    ...withoutSettings(environment),
    BEAKER_USERNAME: account.user,
    BEAKER_PASSWORD: account.password.reveal(),
    BEAKER_LOG_FORMAT: 'json',
    ...(urls !== '' && {
      BEAKER_AMQP_URL: urls,
      BEAKER_AMQP_CA_CERT: environment['BEAKER_AMQP_CA_CERT'],
      // Every broker has those, and what is made for a minute needs no replicas.
      BEAKER_AMQP_QUEUE_TYPE: 'classic',
      BEAKER_AMQP_FALLBACK_DELAY: '2',
    }),
  };
}

/** The settings of a worker on this machine are not for the demo; nor are a service manager's socket and proxies, since all is at loopback. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const foreign = ([name]: [string, unknown]): boolean =>
    !/^BEAKER_|^NOTIFY_SOCKET$|^https?_proxy$/i.test(name);
  return Object.fromEntries(Object.entries(environment).filter(foreign));
}
