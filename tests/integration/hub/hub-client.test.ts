import { afterEach, describe, expect, it } from '@jest/globals';
import { createHubClient, type HubClient, type HubClientOptions } from '../../../src/hub/hub-client.ts';
import {
  CommandAlreadyRunError,
  CommandNotRunningError,
  HubFaultError,
  HubTroubleError,
} from '../../../src/hub/hub-errors.ts';
import { LastGoodAddresses } from '../../../src/net/last-good-addresses.ts';
import { Secret } from '../../../src/secret.ts';
import { createOwnCa } from '../../helpers/own-ca.ts';
import { startScriptedHub, type Script, type ScriptedHub } from './scripted-hub.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startHub(script: Script, tls?: { key: string; cert: string }): Promise<ScriptedHub> {
  const hub = await startScriptedHub(script, tls);
  cleanUps.push(() => hub.close());
  return hub;
}

function clientOf(url: string, options: Partial<HubClientOptions> = {}): HubClient {
  const client = createHubClient({ url, login: { method: 'none' }, ...options });
  cleanUps.push(() => client.close());
  return client;
}

describe('the hub client', () => {
  it('makes the calls that Beaker knows, below /client/', async () => {
    const paths = new Set<string | undefined>();
    const hub = await startHub(({ method }, { request }) => {
      paths.add(`${request.method} ${request.url} ${request.headers['content-type']}`);
      if (method.endsWith('get_queued_command_details')) return [{ id: 1, extra: null }, 'not a command'];
      return method.endsWith('get_running_command_ids') ? [3, 4] : null;
    });
    const client = clientOf(`${hub.url}/bkr//`);
    expect(await client.queuedCommands()).toEqual([{ id: 1, extra: null }, 'not a command']);
    expect(await client.runningIds()).toEqual([3, 4]);
    await client.markRunning(1);
    await client.markCompleted(1);
    await client.markFailed(2, 'ValueError: \u001b[31mno', true);
    await client.markAborted(3, 'stopped');
    await client.addCompletedCommand('sys1.lab', 'clear_netboot');

    expect(paths).toEqual(new Set(['POST /bkr/client/ text/xml']));
    expect(hub.calls.slice(2).map(({ method, params }) => [method, ...params])).toEqual([
      ['labcontrollers.mark_command_running', 1],
      ['labcontrollers.mark_command_completed', 1],
      ['labcontrollers.mark_command_failed', 2, 'ValueError: \ufffd[31mno', true],
      ['labcontrollers.mark_command_aborted', 3, 'stopped'],
      ['labcontrollers.add_completed_command', 'sys1.lab', 'clear_netboot'],
    ]);
  });

  it('keeps its connection between calls', async () => {
    const hub = await startHub(() => null);
    const client = clientOf(hub.url);
    for (let id = 1; id <= 5; id += 1) await client.markRunning(id);
    expect(hub.calls).toHaveLength(5);
    expect(hub.connections).toBe(1);
  });

  it('holds the session by its cookie, renewed by every answer', async () => {
    const seen: (string | undefined)[] = [];
    const hub = await startHub(({ method }, { request, response }) => {
      seen.push(request.headers.cookie);
      response.setHeader('set-cookie', [
        'other=1; Path=/',
        `beaker_auth_token=t${seen.length}; Path=/; HttpOnly`,
      ]);
      return method.startsWith('auth') ? 'host/lab' : [];
    });
    const login = { method: 'password', user: 'host/lab', password: new Secret('pw') } as const;
    const client = clientOf(hub.url, { login });
    await client.runningIds();
    await client.runningIds();
    expect(seen).toEqual([undefined, 'beaker_auth_token=t1', 'beaker_auth_token=t2']);
    expect(hub.calls[0]).toMatchObject({ method: 'auth.login_password', params: ['host/lab', 'pw', null] });
  });

  it('acts for another account when it is told to', async () => {
    const hub = await startHub(() => []);
    const login = {
      method: 'password',
      user: 'admin',
      password: new Secret('pw'),
      proxyUser: 'host/lab',
    } as const;
    await clientOf(hub.url, { login }).runningIds();
    expect(hub.calls[0]).toMatchObject({
      method: 'auth.login_password',
      params: ['admin', 'pw', 'host/lab'],
    });
  });

  it.each([
    'Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'Max-Age=21600; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
    'Max-Age=0',
  ])('stays logged in for as long as the hub says so, whatever the clocks say (%s)', async (age) => {
    const hub = await startHub(({ method }, { request, response }) => {
      response.setHeader('set-cookie', `beaker_auth_token=t; ${age}; Path=/`);
      if (method.startsWith('auth')) return 'host/lab';
      if (request.headers.cookie !== 'beaker_auth_token=t') throw new Error('Anonymous access denied');
      return [];
    });
    const login = { method: 'password', user: 'host/lab', password: new Secret('pw') } as const;
    const client = clientOf(hub.url, { login });
    for (let call = 0; call < 3; call += 1) await client.runningIds();
    expect(hub.calls.filter(({ method }) => method.startsWith('auth'))).toHaveLength(1);
  });

  it('reaches the hub at its last good address while the name service is away', async () => {
    const hub = await startHub(() => []);
    let isAway = false;
    const addresses = new LastGoodAddresses({
      timeoutMs: 100,
      ask: (_name, _options, answer) => {
        if (!isAway) setImmediate(answer, null, [{ address: '127.0.0.1', family: 4 }]);
      },
    });
    const client = clientOf(`http://hub.test:${hub.port}`, { addresses });
    await client.runningIds();
    isAway = true;
    // Each on a connection of its own: none of these finds one that was kept.
    await Promise.all(Array.from({ length: 5 }, () => client.runningIds()));
    expect(hub.connections).toBeGreaterThan(1);
  });

  it('logs in again once for 50 calls that find the session expired', async () => {
    let valid = 'none';
    let logins = 0;
    const hub = await startHub(({ method }, { request, response }) => {
      if (method.startsWith('auth')) {
        logins += 1;
        valid = `beaker_auth_token=session${logins}`;
        response.setHeader('set-cookie', valid);
        return 'host/lab';
      }
      if (request.headers.cookie !== valid) throw new Error('IdentityFailure: Anonymous access denied');
      return null;
    });
    const login = { method: 'oauth2', accessToken: new Secret('t') } as const;
    const client = clientOf(hub.url, { login });
    await client.markRunning(1);
    valid = 'expired';
    await Promise.all(Array.from({ length: 50 }, (_, id) => client.markRunning(id + 2)));
    expect(logins).toBe(2);
  });

  it('never sends a refused password twice, and never shows it', async () => {
    const hub = await startHub(({ params }) => {
      throw new Error(`LoginException: Invalid username or password (${JSON.stringify(params)})`);
    });
    const login = { method: 'password', user: 'host/lab', password: new Secret('hunter2') } as const;
    const client = clientOf(hub.url, { login });
    const errors = await Promise.all(
      Array.from({ length: 20 }, (_, id) => client.markRunning(id).catch((error: unknown) => error)),
    );
    errors.push(await client.queuedCommands().catch((error: unknown) => error));
    expect(hub.calls).toHaveLength(1);
    for (const error of errors) expect(error).toMatchObject({ name: 'HubLoginError' });
    expect(String(errors[0])).toContain('Invalid username or password (["host/lab","********"');
    expect(String(errors[0])).not.toContain('hunter2');
  });

  it('tells faults apart', async () => {
    const hub = await startHub(({ method }) => {
      if (method.endsWith('running')) throw new Error("<class 'bkr.BX'>:Command 7 already run");
      if (method.endsWith('completed')) throw new Error('ValueError: Command 7 not running');
      if (method.endsWith('failed')) throw new Error('OperationalError: database is gone');
      throw new Error('ValueError: message is too long');
    });
    const client = clientOf(hub.url);
    await expect(client.markRunning(7)).rejects.toThrow(CommandAlreadyRunError);
    await expect(client.markCompleted(7)).rejects.toThrow(CommandNotRunningError);
    await expect(client.markFailed(7, '', false)).rejects.toThrow(HubTroubleError);
    await expect(client.markAborted(7, '')).rejects.toMatchObject({ constructor: HubFaultError, code: 1 });
  });

  it('tells of each call that does not reach the hub, but for that for its name, which some hubs do not understand', async () => {
    const hub = await startHub(() => true);
    let told = 0;
    const client = clientOf(hub.url, { onUnreachable: () => (told += 1) });
    await client.markCompleted(7);
    await hub.close();
    await expect(client.installation()).rejects.toThrow();
    expect(told).toBe(0);
    await expect(client.markCompleted(7)).rejects.toThrow();
    expect(told).toBe(1);
  });

  it('refuses a list of ids that is none', async () => {
    const hub = await startHub(() => ['one']);
    await expect(clientOf(hub.url).runningIds()).rejects.toMatchObject({ name: 'HubUnreachableError' });
  });

  it('refuses options that cannot work', () => {
    expect(() => clientOf('hub.example.com')).toThrow('HUB_URL: expected an http or https URL');
    expect(() => clientOf('ftp://hub')).toThrow('HUB_URL');
    expect(() => clientOf('https://hub', { caCert: '/nowhere/ca.pem' })).toThrow(
      /CA_CERT.*\/nowhere\/ca\.pem.*ENOENT/,
    );
    expect(() => clientOf('https://hub', { caCert: import.meta.filename })).toThrow('CA_CERT');
    expect(() => clientOf('https://hub', { caCert: '/dev/zero' })).toThrow(/CA_CERT.*found a device/);
  });
});

describe('over HTTPS', () => {
  it('trusts the CA of the configuration, and no other', async () => {
    const ca = await createOwnCa();
    cleanUps.push(() => ca.remove());
    const hub = await startHub(() => [7], await ca.issue(['IP:127.0.0.1']));
    expect(await clientOf(hub.url, { caCert: ca.caCert }).runningIds()).toEqual([7]);
    expect(await clientOf(hub.url, { sslVerify: false }).runningIds()).toEqual([7]);
    await expect(clientOf(hub.url).runningIds()).rejects.toMatchObject({
      name: 'HubUnreachableError',
      mayHaveActed: false,
      message: expect.stringContaining('certificate'),
    });
  });

  it('refuses a certificate of another host', async () => {
    const ca = await createOwnCa();
    cleanUps.push(() => ca.remove());
    const hub = await startHub(() => [7], await ca.issue(['DNS:hub.example.com']));
    await expect(clientOf(hub.url, { caCert: ca.caCert }).markRunning(1)).rejects.toMatchObject({
      name: 'HubUnreachableError',
      mayHaveActed: false,
    });
    expect(hub.calls).toEqual([]);
  });
});
