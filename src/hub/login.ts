import { ConfigError } from '../errors.ts';
import { Secret } from '../secret.ts';
import { escapeText } from '../xml-rpc/encode.ts';
import type { XmlRpcInput } from '../xml-rpc/value.ts';

/** How to tell the hub who we are. */
export type Login =
  | {
      readonly method: 'password';
      readonly user: string;
      readonly password: Secret;
      /** The account to act for, when that is another. */
      readonly proxyUser?: string | undefined;
    }
  | { readonly method: 'oauth2'; readonly accessToken: Secret }
  | { readonly method: 'krbv' }
  | { readonly method: 'none' };

export interface LoginCall {
  readonly method: string;
  readonly params: readonly XmlRpcInput[];
}

/** The call that logs in, or undefined when none is needed. @throws ConfigError for a way to log in that is not built yet */
export function loginCall(login: Login): LoginCall | undefined {
  switch (login.method) {
    case 'password':
      return {
        method: 'auth.login_password',
        params: [login.user, login.password.reveal(), login.proxyUser ?? null],
      };
    case 'oauth2':
      return { method: 'auth.login_oauth2', params: [login.accessToken.reveal()] };
    case 'none':
      return undefined;
    case 'krbv':
      throw new ConfigError([
        'AUTH_METHOD: expected password, oauth2 or none, found krbv, which this version does not support yet; use password.',
      ]);
  }
}

/** `text` without the secrets of `login`, whether they stand in it as they are or as the request carried them. */
export function maskLogin(login: Login, text: string): string {
  const secret = secretOf(login);
  if (secret === undefined) return text;
  return new Secret(escapeText(secret.reveal())).mask(secret.mask(text));
}

function secretOf(login: Login): Secret | undefined {
  if (login.method === 'password') return login.password;
  return login.method === 'oauth2' ? login.accessToken : undefined;
}
