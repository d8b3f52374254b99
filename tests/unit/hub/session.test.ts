import { describe, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { HubLoginError, HubUnreachableError } from '../../../src/hub/hub-errors.ts';
import type { HttpTransport, HubAnswer } from '../../../src/hub/http-transport.ts';
import type { Login } from '../../../src/hub/login.ts';
import { Session } from '../../../src/hub/session.ts';
import { Secret } from '../../../src/secret.ts';
import { decode } from '../../../src/xml-rpc/decode.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import type { XmlRpcValue } from '../../../src/xml-rpc/value.ts';

const EXPIRED = "<class 'bkr.server.identity.IdentityFailure'>:Anonymous access denied";
const PASSWORD: Login = { method: 'password', user: 'host/lab', password: new Secret('s3cret') };

/** A hub of one account; its sessions end when `forget` is called. */
class FakeHub implements Pick<HttpTransport, 'post'> {
  readonly logins: (readonly XmlRpcValue[])[] = [];
  readonly cookies: (string | undefined)[] = [];
  loginFault: string | undefined;
  loginFailure: Error | undefined;
  #generation = 0;

  forget(): void {
    this.#generation += 1;
  }

  async post(body: string, { cookie }: { cookie: string | undefined }): Promise<HubAnswer> {
    await nextTurn();
    const call = decode(body);
    if (call.kind !== 'call') throw new Error('expected a call');
    const valid = `beaker_auth_token=${this.#generation}`;
    if (call.method.startsWith('auth.')) {
      this.logins.push(call.params);
      if (this.loginFailure !== undefined) throw this.loginFailure;
      return this.loginFault === undefined ? answer('host/lab', valid) : fault(this.loginFault);
    }
    this.cookies.push(cookie);
    return cookie === valid ? answer(call.method, valid) : fault(EXPIRED);
  }
}

function answer(value: XmlRpcValue, setCookie: string): HubAnswer {
  return { message: { kind: 'response', value }, setCookie };
}

function fault(text: string): HubAnswer {
  return { message: { kind: 'fault', code: 1, text }, setCookie: undefined };
}

function open(hub: FakeHub, { login = PASSWORD, loginRetryMs = 60_000 } = {}): Session {
  return new Session({ transport: hub, login, loginRetryMs });
}

describe('a session', () => {
  it('logs in before the first call, once for all that come at the same time', async () => {
    const hub = new FakeHub();
    const session = open(hub);
    expect(hub.logins).toEqual([]);
    const answers = await Promise.all(Array.from({ length: 50 }, () => session.call('a', [])));
    expect(answers).toEqual(new Array(50).fill('a'));
    expect(hub.logins).toEqual([['host/lab', 's3cret', null]]);
  });

  it('logs in again once for 50 calls that find it expired, and repeats each', async () => {
    const hub = new FakeHub();
    const session = open(hub);
    await session.call('first', []);
    hub.forget();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => session.call(`call${n}`, [])));
    expect(answers).toEqual(Array.from({ length: 50 }, (_, n) => `call${n}`));
    expect(hub.logins).toHaveLength(2);
  });

  it('sends an access token, or nothing when no login is wanted', async () => {
    const hub = new FakeHub();
    await open(hub, { login: { method: 'oauth2', accessToken: new Secret('t0ken') } }).call('a', []);
    expect(hub.logins).toEqual([['t0ken']]);

    const strict = open(hub, { login: { method: 'none' } });
    await expect(strict.call('a', [])).rejects.toThrow(HubLoginError);
    expect(hub.logins).toHaveLength(1);
  });

  it('does not repeat a refused login before its time, whoever calls', async () => {
    const hub = new FakeHub();
    hub.loginFault = "<class 'LoginException'>:Invalid username or password: s3cret";
    const session = open(hub, { loginRetryMs: 50 });
    const first = await session.call('a', []).catch((error: unknown) => error);
    expect(first).toBeInstanceOf(HubLoginError);
    expect(String(first)).toContain('Invalid username or password: ********');
    expect(await session.call('b', []).catch((error: unknown) => error)).toBe(first);
    expect(hub.logins).toHaveLength(1);

    hub.loginFault = undefined;
    await waitUntil(() =>
      session.call('c', []).then(
        () => true,
        () => false,
      ),
    );
    expect(hub.logins).toHaveLength(2);
  });

  it('fails, and does not loop, when the hub forgets a fresh login', async () => {
    const hub = new FakeHub();
    const session = open(hub);
    const post = hub.post.bind(hub);
    hub.post = async (body, options) => {
      const result = await post(body, options);
      hub.forget();
      return result;
    };
    await expect(session.call('a', [])).rejects.toThrow('forgot it at once');
    await expect(session.call('b', [])).rejects.toThrow(HubLoginError);
    expect(hub.logins).toHaveLength(2);
  });

  it('says that a call has not acted when it was the login that got no answer', async () => {
    const hub = new FakeHub();
    hub.loginFailure = new HubUnreachableError('reset', { mayHaveActed: true });
    const session = open(hub);
    await expect(session.call('a', [])).rejects.toMatchObject({ mayHaveActed: false });
    hub.loginFailure = undefined;
    expect(await session.call('a', [])).toBe('a');
  });

  it('lets one caller go without ending the login that others wait for', async () => {
    const hub = new FakeHub();
    const session = open(hub);
    const stop = new AbortController();
    const gone = session.call('a', [], stop.signal);
    const stays = session.call('b', []);
    stop.abort(new Error('stopping'));
    await expect(gone).rejects.toThrow('stopping');
    expect(await stays).toBe('b');
    expect(hub.logins).toHaveLength(1);
  });

  it('refuses krbv with a sentence that says what to use', () => {
    expect(() => open(new FakeHub(), { login: { method: 'krbv' } })).toThrow(
      /found krbv.*not support.*use password/,
    );
  });
});
