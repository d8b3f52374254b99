import type { Config } from './config/config.ts';
import { createHubClient, type HubClient } from './hub/hub-client.ts';
import type { Login } from './hub/login.ts';
import type { Logger } from './logger.ts';
import { Secret } from './secret.ts';

/** The hub that is configured. @throws ConfigError when it cannot be used as configured */
export function hubFrom(config: Config, log: Logger): HubClient {
  const { hubUrl = '', caCert, sslVerify } = config;
  return createHubClient({ url: hubUrl, login: loginFrom(config), caCert, sslVerify, log });
}

function loginFrom({ authMethod, username = '', password, accessToken }: Config): Login {
  const none = new Secret('');
  switch (authMethod) {
    case 'password':
      return { method: 'password', user: username, password: password ?? none };
    case 'oauth2':
      return { method: 'oauth2', accessToken: accessToken ?? none };
    case 'krbv':
    case 'none':
      return { method: authMethod };
  }
}
