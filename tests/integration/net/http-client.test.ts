import { createSecureContext } from 'node:tls';
import { afterEach, describe, expect, it } from '@jest/globals';
import { HttpClient } from '../../../src/net/http-client.ts';
import { type RawHttpPeer, startRawHttpPeer } from '../../helpers/raw-http-peer.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const MB = 1_000_000;

describe('the HTTP client', () => {
  let peer: RawHttpPeer | undefined;
  const client = new HttpClient({
    connectMs: 1_000,
    trust: { secureContext: createSecureContext(), rejectUnauthorized: true },
    proxyFor: () => undefined,
  });

  afterEach(async () => {
    await peer?.close();
  });

  it('takes no more of an answer than its reader does', async () => {
    const content = Buffer.alloc(60 * MB, 'x');
    peer = await startRawHttpPeer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${content.length}\r\n\r\n`);
      socket.end(content);
    });
    const signal = new AbortController().signal;
    const answer = await client.request(new URL(`http://127.0.0.1:${peer.port}/`), { headers: {}, signal });
    const unsent = (): number => [...(peer?.sockets ?? [])].reduce((sum, one) => sum + one.writableLength, 0);
    await waitUntil(stays(unsent));
    expect(answer.readableLength).toBeLessThan(MB);
    let bytes = 0;
    for await (const part of answer as AsyncIterable<Buffer>) bytes += part.length;
    expect(bytes).toBe(content.length);
  });

  it('ends with its signal, also while the answer is read, and leaves no connection', async () => {
    peer = await startRawHttpPeer((socket) => void socket.write('HTTP/1.1 200 OK\r\n\r\nhalf'));
    const stop = new AbortController();
    const url = new URL(`http://127.0.0.1:${peer.port}/`);
    const answer = await client.request(url, { headers: {}, signal: stop.signal });
    const read = answer.toArray();
    read.catch(() => undefined);
    stop.abort(new Error('no longer wanted'));
    await expect(read).rejects.toThrow('no longer wanted');
    await waitUntil(() => peer?.sockets.size === 0);
    await expect(client.request(url, { headers: {}, signal: stop.signal })).rejects.toThrow(
      'no longer wanted',
    );
  });

  it('refuses a header that no request can hold, without harm to the process', async () => {
    const { signal } = new AbortController();
    const headers = { cookie: 'a\u0000b' };
    const asked = client.request(new URL('http://127.0.0.1:1/'), { headers, signal });
    await expect(asked).rejects.toThrow('Invalid character in header');
  });
});

/** Whether the value has been the same for twenty looks. */
function stays(value: () => number): () => boolean {
  let [last, looks] = [NaN, 0];
  return () => {
    const now = value();
    looks = now === last ? looks + 1 : 0;
    last = now;
    return looks >= 20 && now > 0;
  };
}
