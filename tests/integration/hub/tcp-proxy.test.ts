import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startTcpProxy, type TcpProxy } from '../../helpers/tcp-proxy.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

interface Peer {
  readonly socket: Socket;
  text: string;
  ended: boolean;
  error: string | undefined;
}

let echo: Server;
let proxy: TcpProxy;
const peers: Peer[] = [];

async function dial(): Promise<Peer> {
  const socket = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
  const peer: Peer = { socket, text: '', ended: false, error: undefined };
  peers.push(peer);
  socket.on('data', (chunk) => (peer.text += chunk.toString()));
  socket.on('end', () => (peer.ended = true));
  socket.on('error', (error: NodeJS.ErrnoException) => (peer.error = error.code));
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  return peer;
}

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  proxy = await startTcpProxy({ port: (echo.address() as AddressInfo).port });
});

afterEach(async () => {
  await proxy.close();
  for (const { socket } of peers.splice(0)) socket.destroy();
  echo.close();
});

describe('the fault-injecting proxy', () => {
  it('forwards both ways, and the end of one side to the other', async () => {
    const peer = await dial();
    peer.socket.end('hello');
    await waitUntil(() => peer.ended);
    expect(peer.text).toBe('hello');
    await waitUntil(() => proxy.live === 0);
    expect(proxy.accepted).toBe(1);
  });

  it('resets live and new connections', async () => {
    const live = await dial();
    live.socket.write('hello');
    await waitUntil(() => live.text === 'hello');
    await proxy.set('reset');
    await waitUntil(() => live.error === 'ECONNRESET');
    const fresh = await dial();
    await waitUntil(() => fresh.error === 'ECONNRESET');
  });

  it('ends connections in good order', async () => {
    const live = await dial();
    await waitUntil(() => proxy.live === 1);
    await proxy.set('fin');
    await waitUntil(() => live.ended);
    expect(live.error).toBeUndefined();
  });

  it('refuses, and listens again on the same port', async () => {
    await proxy.set('refuse');
    const refused = await dial();
    await waitUntil(() => refused.error === 'ECONNREFUSED');
    await proxy.set('pass');
    const peer = await dial();
    peer.socket.write('hello');
    await waitUntil(() => peer.text === 'hello');
  });

  it('holds data and FIN back in the black hole, and lets them out after it', async () => {
    const peer = await dial();
    peer.socket.write('a');
    await waitUntil(() => peer.text === 'a');
    await proxy.set('black-hole');
    peer.socket.end('b');
    await sleep(100);
    expect([peer.text, peer.ended]).toEqual(['a', false]);
    await proxy.set('pass');
    await waitUntil(() => peer.ended);
    expect(peer.text).toBe('ab');
  });

  it('delays, slices and cuts', async () => {
    await proxy.set({ delayMs: 60 });
    const late = await dial();
    const sentAt = performance.now();
    late.socket.write('late');
    await waitUntil(() => late.text === 'late');
    expect(performance.now() - sentAt).toBeGreaterThan(100);

    await proxy.set({ sliceBytes: 1 });
    const sliced = await dial();
    sliced.socket.write('sliced');
    await waitUntil(() => sliced.text === 'sliced');

    await proxy.set({ cutAfterBytes: 3, of: 'answers' });
    const cut = await dial();
    cut.socket.write('cut off');
    await waitUntil(() => cut.error === 'ECONNRESET');
    expect(cut.text).toBe('cut');
  });
});
