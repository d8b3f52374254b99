import xmlrpc from 'xmlrpc';

/** A client of another make, which keeps cookies as Beaker's own clients do. */
export interface XmlRpcPeer {
  call(method: string, ...params: unknown[]): Promise<unknown>;
  logIn(account: { user: string; password: string }): Promise<unknown>;
}

/** Calls `url` with the npm package `xmlrpc`; a fault rejects with its text. */
export function xmlRpcPeer(url: string): XmlRpcPeer {
  const client = xmlrpc.createClient({ url, cookies: true });
  const call = (method: string, ...params: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      client.methodCall(method, params, (error: unknown, value: unknown) => {
        if (error) reject(error);
        else resolve(value);
      });
    });
  return {
    call,
    logIn: ({ user, password }) => call('auth.login_password', user, password, null),
  };
}
