import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { createHubClient, type HubClient, type HubClientOptions } from '../../../src/hub/hub-client.ts';
import { HubUnreachableError } from '../../../src/hub/hub-errors.ts';
import { Secret } from '../../../src/secret.ts';
import { encodeResponse } from '../../../src/xml-rpc/encode.ts';
import { startTcpProxy, type TcpProxy } from '../../helpers/tcp-proxy.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { HANDLED, startScriptedHub, type Script, type ScriptedHub } from './scripted-hub.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function clientOf(port: number, options: Partial<HubClientOptions> = {}): HubClient {
  const client = createHubClient({ url: `http://127.0.0.1:${port}`, login: { method: 'none' }, ...options });
  cleanUps.push(() => client.close());
  return client;
}

async function startHub(script: Script): Promise<ScriptedHub> {
  const hub = await startScriptedHub(script);
  cleanUps.push(() => hub.close());
  return hub;
}

async function startProxied(script: Script): Promise<{ hub: ScriptedHub; proxy: TcpProxy }> {
  const hub = await startHub(script);
  const proxy = await startTcpProxy(hub);
  cleanUps.push(() => proxy.close());
  return { hub, proxy };
}

/** A hub that answers with `respond`, whatever it is asked. */
function startOdd(respond: (response: ServerResponse) => void): Promise<ScriptedHub> {
  return startHub((_call, { response }) => {
    respond(response);
    return HANDLED;
  });
}

function unreachable(mayHaveActed: boolean, message: RegExp): object {
  return { name: 'HubUnreachableError', mayHaveActed, message: expect.stringMatching(message) };
}

describe('a call that surely did not reach the hub', () => {
  it('is one that was refused, until the hub is back', async () => {
    const { hub, proxy } = await startProxied(() => null);
    const client = clientOf(proxy.port);
    await proxy.set('refuse');
    await expect(client.markRunning(1)).rejects.toMatchObject(unreachable(false, /ECONNREFUSED/));
    await proxy.set('pass');
    await client.markRunning(1);
    expect(hub.calls).toHaveLength(1);
  });

  it('is one to a name that does not exist', async () => {
    const client = createHubClient({ url: 'http://hub.invalid', login: { method: 'none' } });
    cleanUps.push(() => client.close());
    await expect(client.markRunning(1)).rejects.toMatchObject(unreachable(false, /hub\.invalid/));
  });

  it('is one that was not connected in time', async () => {
    // TLS begins after the TCP connection, and this peer never answers it.
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    cleanUps.push(() => new Promise((resolve) => silent.close(() => resolve())));
    const { port } = silent.address() as AddressInfo;
    const client = clientOf(0, { url: `https://127.0.0.1:${port}`, deadlines: { connectMs: 100 } });
    await expect(client.markRunning(1)).rejects.toMatchObject(
      unreachable(false, /no connection within 100 ms/),
    );

    const hasty = clientOf(0, {
      url: `https://127.0.0.1:${port}`,
      deadlines: { connectMs: 400, totalMs: 100 },
    });
    await expect(hasty.markRunning(1)).rejects.toMatchObject(unreachable(false, /within 100 ms/));
  });

  it('is one that still waited for a free connection', async () => {
    const hub = await startOdd(() => {});
    const client = clientOf(hub.port);
    const pending = Promise.allSettled(Array.from({ length: 40 }, (_, id) => client.markRunning(id)));
    await waitUntil(() => hub.connections > 1 && hub.calls.length === hub.connections);
    await client.close();
    const errors = (await pending).map(
      (result) => result.status === 'rejected' && (result.reason as unknown),
    );
    const sent = errors.filter((error) => error instanceof HubUnreachableError && error.mayHaveActed);
    const unsent = errors.filter((error) => error instanceof HubUnreachableError && !error.mayHaveActed);
    expect(sent).toHaveLength(hub.calls.length);
    expect(unsent).toHaveLength(40 - hub.calls.length);
  });
});

describe('a call that may have acted', () => {
  it.each([
    ['reset', /./],
    ['fin', /other side closed/],
  ] as const)('is one whose connection ended before the answer (%s)', async (fault, message) => {
    const { hub, proxy } = await startProxied(() => HANDLED);
    const claim = clientOf(proxy.port).markRunning(1);
    claim.catch(() => {});
    await waitUntil(() => hub.calls.length === 1);
    await proxy.set(fault);
    await expect(claim).rejects.toMatchObject(unreachable(true, message));
    expect(hub.calls).toHaveLength(1);
  });

  it('is one whose answer was cut off', async () => {
    const { hub, proxy } = await startProxied(() => 'x'.repeat(100_000));
    await proxy.set({ cutAfterBytes: 50_000, of: 'answers' });
    await expect(clientOf(proxy.port).markRunning(1)).rejects.toMatchObject(unreachable(true, /./));
    expect(hub.calls).toHaveLength(1);
  });

  it('is one that was never answered', async () => {
    const { proxy } = await startProxied(() => null);
    const client = clientOf(proxy.port, { deadlines: { firstByteMs: 200 } });
    await client.markRunning(1);
    await proxy.set('black-hole');
    await expect(client.markRunning(2)).rejects.toMatchObject(
      unreachable(true, /no first byte within 200 ms/),
    );
  });

  it('is one whose answer stopped half-way, or dripped for too long', async () => {
    const hub = await startOdd((response) => {
      response.setHeader('content-type', 'text/xml').write('<methodResponse>');
    });
    const patient = clientOf(hub.port, { deadlines: { firstByteMs: 200 } });
    await expect(patient.markRunning(1)).rejects.toMatchObject(
      unreachable(true, /stopped half-way for 200 ms/),
    );

    const dripping = await startOdd((response) => {
      response.setHeader('content-type', 'text/xml').write('<methodResponse>');
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    const hasty = clientOf(dripping.port, { deadlines: { totalMs: 200 } });
    await expect(hasty.markRunning(1)).rejects.toMatchObject(
      unreachable(true, /no complete answer within 200 ms/),
    );
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['500', (to) => to.writeHead(500).end('<h1>Proxy\n\n Error</h1>'), /found 500 .*<h1>Proxy Error<\/h1>/],
    ['503 in XML', (to) => to.writeHead(503, { 'content-type': 'text/xml' }).end(), /found 503/],
    ['a redirect', (to) => to.writeHead(302, { location: '/login' }).end(), /found 302/],
    [
      'a web page',
      (to) => to.setHeader('content-type', 'text/html').end('<p>Hi'),
      /200 and text\/html: <p>Hi/,
    ],
    ['no type', (to) => to.end(encodeResponse(1)), /no content type/],
    [
      'broken XML',
      (to) => to.setHeader('content-type', 'text/xml').end('<methodResp'),
      /not XML-RPC at line 1/,
    ],
    ['a long error page', (to) => to.writeHead(500).end('x'.repeat(1e6)), /x{200}…$/],
    ['no HTTP', (to) => void to.socket?.end('SSH-2.0-OpenSSH\r\n'), /HTTP/],
  ])('is one that was answered with %s', async (_what, respond, message) => {
    const hub = await startOdd(respond);
    await expect(clientOf(hub.port).markRunning(1)).rejects.toMatchObject(unreachable(true, message));
    expect(hub.calls).toHaveLength(1);
  });

  it('is one whose answer is larger than allowed', async () => {
    const hub = await startHub(() => 'x'.repeat(200_000));
    const client = clientOf(hub.port, { maxResponseBytes: 100_000 });
    await expect(client.markRunning(1)).rejects.toMatchObject(unreachable(true, /at most 100000 bytes/));
  });
});

describe('a call', () => {
  it('understands an answer that comes late and in slices', async () => {
    const { proxy } = await startProxied(() => [1, 2, 3]);
    const client = clientOf(proxy.port);
    await proxy.set({ sliceBytes: 7 });
    expect(await client.runningIds()).toEqual([1, 2, 3]);
    await proxy.set({ delayMs: 20 });
    expect(await client.runningIds()).toEqual([1, 2, 3]);
  });

  it('ends with the reason of its signal, also while it connects', async () => {
    const hub = await startOdd(() => {});
    const stop = new AbortController();
    const poll = clientOf(hub.port).queuedCommands(stop.signal);
    poll.catch(() => {});
    await waitUntil(() => hub.calls.length === 1);
    stop.abort(new Error('stopping'));
    await expect(poll).rejects.toThrow('stopping');
    await expect(clientOf(hub.port).queuedCommands(stop.signal)).rejects.toThrow('stopping');
  });

  it('fails when the client is closed, and so do later ones', async () => {
    const hub = await startOdd(() => {});
    const client = clientOf(hub.port);
    const pending = client.markRunning(1);
    pending.catch(() => {});
    await waitUntil(() => hub.calls.length === 1);
    await client.close();
    await expect(pending).rejects.toMatchObject(unreachable(true, /client is closed/));
    await expect(client.markRunning(2)).rejects.toMatchObject(unreachable(false, /client is closed/));
  });

  it('shows no secret that an error page repeats', async () => {
    const hub = await startOdd((response) =>
      response.writeHead(500).end('login_password(lab, hunter2) failed'),
    );
    const login = { method: 'password', user: 'lab', password: new Secret('hunter2') } as const;
    const error: unknown = await clientOf(hub.port, { login })
      .markRunning(1)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject(unreachable(false, /login_password\(lab, \*{8}\) failed/));
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hunter2');
  });
});
