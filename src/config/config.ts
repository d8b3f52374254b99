import type { Secret } from '../secret.ts';

/** The parts of the program that read configuration. */
export type Role = 'worker' | 'relay' | 'server' | 'status' | 'queue' | 'clear-netboot';

/** Where to listen; `host` is a name or an address, IPv6 without brackets, and port 0 means any free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Everything that can be configured, validated and with defaults filled in. `settings.ts` describes each member. */
export interface Config {
  readonly hubUrl?: string;
  readonly authMethod: 'password' | 'krbv' | 'oauth2' | 'none';
  readonly username?: string;
  readonly password?: Secret;
  readonly proxyUser?: string | undefined;
  readonly krbPrincipal?: string;
  readonly krbKeytab?: string;
  readonly krbService: string;
  readonly krbRealm?: string;
  readonly krbCcache?: string;
  readonly accessToken?: Secret;
  readonly caCert?: string;
  readonly sslVerify: boolean;

  readonly lab: string;
  readonly urlDomain: string;
  readonly sleepTimeS: number;
  readonly reconcileIntervalS: number;
  readonly fallbackPrimary: boolean;
  readonly orphanGraceS: number;
  readonly concurrency: number;
  readonly stopTimeoutS: number;
  readonly stateDir: string;

  readonly powerAttempts: number;
  readonly powerTimeoutS: number;
  readonly powerScriptsDir: string;
  readonly powerEnvironment: readonly string[];
  readonly processStarter: 'auto' | 'posix' | 'node';
  readonly ipmi15: 'never' | 'fallback';

  readonly consoleLogs: string;
  readonly tftpRoot: string;
  readonly imageFetchTimeoutS: number;
  readonly imageFetchDeadlineS: number;
  readonly imageMaxMb: number;
  readonly imageCacheMb: number;
  readonly zpxeUseFtp: boolean;

  readonly amqpUrls: readonly Secret[];
  readonly amqpCaCert?: string;
  readonly amqpTopology: 'declare' | 'check' | 'none';
  readonly amqpQueueType: 'quorum' | 'classic';
  readonly amqpPrefetch: number;
  readonly amqpHeartbeatS: number;
  readonly amqpFallbackDelayS: number;
  readonly relayIntervalS: number;
  readonly relayLabs: ReadonlyMap<string, Secret>;

  readonly httpListen?: ListenAddress;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
  readonly logFormat: 'text' | 'json';

  readonly serverListen: ListenAddress;
  readonly serverAccounts: ReadonlyMap<string, Secret>;
  readonly serverSystems?: string;
  readonly serverUrl: string;
}

export type SettingName = keyof Config;

/** A configuration and what is to be said about it: where each value came from, and what looks like a mistake. */
export interface LoadedConfig {
  readonly config: Config;
  /** `default`, `/etc/beaker/labcontroller.conf:12`, `BEAKER_SLEEP_TIME` or `--sleep-time`, for each setting. */
  readonly origins: Readonly<Record<SettingName, string>>;
  /** One sentence each; nothing here keeps the program from working. */
  readonly warnings: readonly string[];
}
