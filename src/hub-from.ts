import type { Config } from './config/config.ts';
import { createHubClient, type HubClient } from './hub/hub-client.ts';
import type { Login } from './hub/login.ts';
import type { Logger } from './logger.ts';
import { type Environment, describeProxy, proxiesOf } from './net/proxies.ts';
import { Secret } from './secret.ts';

/** The hub that is configured; tells of each call that did not reach it. @throws ConfigError when it cannot be used as configured */
export function hubFrom(
  config: Config,
  environment: Environment,
  log: Logger,
  onUnreachable?: () => void,
): HubClient {
  const { hubUrl = '', caCert, sslVerify } = config;
  const proxyFor = proxiesOf(environment);
  const login = loginFrom(config);
  return createHubClient({ url: hubUrl, login, caCert, sslVerify, proxyFor, onUnreachable, log });
}

/** The proxy on the way to the hub, for the first log line. */
export function hubProxy({ hubUrl = '' }: Config, environment: Environment): string {
  return URL.canParse(hubUrl) ? describeProxy(proxiesOf(environment), new URL(hubUrl)) : 'none';
}

function loginFrom({ authMethod, username = '', password, proxyUser, accessToken }: Config): Login {
  const none = new Secret('');
  switch (authMethod) {
    case 'password':
      return { method: 'password', user: username, password: password ?? none, proxyUser };
    case 'oauth2':
      return { method: 'oauth2', accessToken: accessToken ?? none };
    case 'krbv':
    case 'none':
      return { method: authMethod };
  }
}
