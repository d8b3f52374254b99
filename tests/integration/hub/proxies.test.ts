import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHubClient, type HubClientOptions } from '../../../src/hub/hub-client.ts';
import { proxiesOf } from '../../../src/net/proxies.ts';
import { createOwnCa, type OwnCa } from '../../helpers/own-ca.ts';
import { type Squid, startSquid } from '../../helpers/squid.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { type ScriptedHub, startScriptedHub } from './scripted-hub.ts';

let ca: OwnCa;
let plain: ScriptedHub;
let secure: ScriptedHub;

beforeAll(async () => {
  ca = await createOwnCa();
  const list = Array.from({ length: 20_000 }, (_, id) => id);
  plain = await startScriptedHub(() => list);
  secure = await startScriptedHub(() => list, await ca.issue(['DNS:hub.test']));
});
afterAll(async () => {
  await plain.close();
  await secure.close();
  await ca.remove();
});

/** The ids of the hub at `url`, asked for three times. */
async function askThrough(
  environment: Record<string, string>,
  url: string,
  options: Partial<HubClientOptions> = {},
): Promise<readonly number[]> {
  const client = createHubClient({
    url,
    login: { method: 'none' },
    caCert: ca.caCert,
    proxyFor: proxiesOf(environment),
    ...options,
  });
  try {
    await client.runningIds();
    await client.runningIds();
    return await client.runningIds();
  } finally {
    await client.close();
  }
}

describe('a hub behind Squid', () => {
  let squid: Squid;
  beforeAll(async () => {
    squid = await startSquid(['hub.test']);
  });
  afterAll(async () => {
    await squid.close();
  });

  it('is reached by HTTP and by HTTPS', async () => {
    const environment = { http_proxy: squid.url, HTTPS_PROXY: squid.url };
    expect(await askThrough(environment, `http://hub.test:${plain.port}`)).toHaveLength(20_000);
    expect(await askThrough(environment, `https://hub.test:${secure.port}`)).toHaveLength(20_000);
  });

  it('keeps its tunnel between calls', async () => {
    const before = secure.connections;
    await askThrough({ https_proxy: squid.url }, `https://hub.test:${secure.port}`);
    expect(secure.connections).toBe(before + 1);
  });
});

describe('a proxy on the way to the hub', () => {
  let proxy: Server;
  let asked: string[];
  let authorizations: (string | undefined)[];
  let answerConnect: string | undefined;
  let sockets: Set<unknown>;

  beforeEach(async () => {
    [asked, authorizations, answerConnect, sockets] = [[], [], 'HTTP/1.1 200 OK\r\n\r\n', new Set()];
    proxy = createServer((request, response) => {
      asked.push(`${request.method} ${request.url} for ${request.headers.host}`);
      authorizations.push(request.headers['proxy-authorization']);
      response.writeHead(503).end('no way');
    });
    proxy.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    proxy.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url} for ${request.headers.host}`);
      authorizations.push(request.headers['proxy-authorization']);
      socket.on('error', () => undefined).on('end', () => socket.end());
      if (answerConnect === undefined) return void socket.resume();
      socket.write(answerConnect);
      if (!answerConnect.includes('200')) return void socket.end();
      const hub = connect(secure.port, '127.0.0.1').on('error', () => socket.destroy());
      socket.pipe(hub).pipe(socket);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
  });
  afterEach(() => {
    proxy.closeAllConnections();
    proxy.close();
  });

  const proxyUrl = (user = ''): string => `http://${user}127.0.0.1:${(proxy.address() as AddressInfo).port}`;

  it('is asked for the whole URL by HTTP, and for a tunnel by HTTPS, with its user and password', async () => {
    const environment = { http_proxy: proxyUrl('me:pass%40word@'), https_proxy: proxyUrl('me:pass%40word@') };
    await expect(askThrough(environment, 'http://hub.test')).rejects.toThrow('found 503');
    expect(await askThrough(environment, 'https://hub.test')).toHaveLength(20_000);
    expect(asked).toEqual([
      'POST http://hub.test/client/ for hub.test',
      'CONNECT hub.test:443 for hub.test:443',
    ]);
    const basic = `Basic ${Buffer.from('me:pass@word').toString('base64')}`;
    expect(authorizations).toEqual([basic, basic]);
  });

  it('is given a password whose % is no escape as it is', async () => {
    await askThrough({ https_proxy: proxyUrl('me:100%25%@') }, 'https://hub.test');
    expect(authorizations).toEqual([`Basic ${Buffer.from('me:100%%').toString('base64')}`]);
  });

  it('is not asked for hosts of NO_PROXY', async () => {
    const environment = { http_proxy: proxyUrl(), NO_PROXY: '127.0.0.1' };
    expect(await askThrough(environment, plain.url)).toHaveLength(20_000);
    expect(asked).toEqual([]);
  });

  it.each([
    [
      'refuses',
      'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n',
      /opens no tunnel: expected status 200, found 407/,
    ],
    ['breaks off', 'HTTP/1.1 4', /opens no tunnel: no answer/],
    ['speaks another language', 'SSH-2.0\r\n\r\n', /opens no tunnel: no answer/],
    ['is silent', undefined, /no connection within 300 ms|no answer within 300 ms/],
  ])(
    'lets nothing of a call through when it %s, and no connection is left',
    async (_what, answer, reason) => {
      answerConnect = answer;
      const before = secure.calls.length;
      const called = askThrough({ https_proxy: proxyUrl() }, 'https://hub.test', {
        deadlines: { connectMs: 300 },
      });
      await expect(called).rejects.toMatchObject({
        name: 'HubUnreachableError',
        mayHaveActed: false,
        message: expect.stringMatching(reason),
      });
      expect(secure.calls).toHaveLength(before);
      await waitUntil(() => sockets.size === 0);
    },
  );
});
