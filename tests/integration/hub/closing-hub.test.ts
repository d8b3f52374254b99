import { afterEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import { createHubClient, type HubClient, type HubClientOptions } from '../../../src/hub/hub-client.ts';
import { encodeResponse } from '../../../src/xml-rpc/encode.ts';
import { type RawAnswer, type RawHttpPeer, startRawHttpPeer } from '../../helpers/raw-http-peer.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startHub(
  answer: RawAnswer,
  options: Partial<HubClientOptions> = {},
): Promise<{ peer: RawHttpPeer; client: HubClient }> {
  const peer = await startRawHttpPeer(answer);
  cleanUps.push(() => peer.close());
  const client = createHubClient({
    url: `http://127.0.0.1:${peer.port}`,
    login: { method: 'none' },
    ...options,
  });
  cleanUps.push(() => client.close());
  return { peer, client };
}

const COMMANDS = Array.from({ length: 500 }, (_, index) => ({
  id: index + 1,
  action: 'on',
  fqdn: `system${index}.lab`,
  delay: 0,
  power: { type: 'ipmitool', address: `bmc${index}`, id: '', user: 'admin', passwd: 'x'.repeat(900) },
}));
const LIST = encodeResponse(COMMANDS);
const TYPE = 'Content-Type: text/xml\r\n';

describe('a hub that closes each connection', () => {
  it.each([
    [
      'with Connection: close',
      `HTTP/1.1 200 OK\r\n${TYPE}Connection: close\r\nContent-Length: ${LIST.length}`,
    ],
    ['and ends its answer by that', `HTTP/1.1 200 OK\r\n${TYPE}Connection: close`],
    ['as HTTP/1.0 does', `HTTP/1.0 200 OK\r\n${TYPE}Content-Length: ${LIST.length}`],
    ['as HTTP/1.0 does, and gives no length', `HTTP/1.0 200 OK\r\n${TYPE}Server: old`],
  ])('gives hundreds of commands, again and again (%s)', async (_how, head) => {
    const { peer, client } = await startHub((socket) => socket.end(`${head}\r\n\r\n${LIST}`));
    for (let look = 0; look < 3; look += 1) expect(await client.queuedCommands()).toHaveLength(500);
    const many = await Promise.all(Array.from({ length: 8 }, () => client.queuedCommands()));
    expect(many.map((list) => list.length)).toEqual(Array(8).fill(500));
    expect(peer.requests).toHaveLength(11);
  });

  const fin = (socket: Socket): void => void socket.end();
  const rst = (socket: Socket): void => void socket.resetAndDestroy();
  const full = `HTTP/1.1 200 OK\r\n${TYPE}Content-Length: ${LIST.length}\r\n\r\n${LIST}`;
  it.each([
    ['nothing, and FIN', '', fin],
    ['nothing, and RST', '', rst],
    ['a part of the head, and FIN', full.slice(0, 30), fin],
    ['a part of the head, and RST', full.slice(0, 30), rst],
    ['a part of the body, and FIN', full.slice(0, 200_000), fin],
    ['a part of the body, and RST', full.slice(0, 200_000), rst],
    [
      'a body that ends with the connection, and RST',
      full.replace(/Content-Length.*\r\n/, '').slice(0, 200_000),
      rst,
    ],
    [
      'an upgrade that nothing asked for',
      'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n',
      fin,
    ],
  ])('fails one call, which may have acted, and harms none after it: %s', async (_what, part, end) => {
    let isWell = false;
    const { peer, client } = await startHub((socket) => {
      if (isWell) socket.end(full);
      else if (part === '') end(socket);
      else socket.write(part, () => end(socket));
    });
    await expect(client.queuedCommands()).rejects.toMatchObject({
      name: 'HubUnreachableError',
      mayHaveActed: true,
    });
    isWell = true;
    expect(await client.queuedCommands()).toHaveLength(500);
    expect(peer.requests).toHaveLength(2);
  });
});

describe('a connection that was kept', () => {
  const done = encodeResponse(null);
  const ok = `HTTP/1.1 200 OK\r\n${TYPE}Content-Length: ${done.length}\r\n\r\n${done}`;

  it.each(['end', 'resetAndDestroy'] as const)(
    'is replaced when the hub has closed it meanwhile (%s): each call arrives once',
    async (how) => {
      const { peer, client } = await startHub((socket) => socket.write(ok));
      for (let id = 1; id <= 5; id += 1) {
        await client.markRunning(id);
        const [kept] = peer.sockets;
        kept?.[how]();
        await waitUntil(() => peer.sockets.size === 0);
      }
      expect(peer.requests).toHaveLength(5);
    },
  );

  it('is replaced when it takes nothing of a call, because the hub has just reset it', async () => {
    const { peer, client } = await startHub((socket) => socket.write(ok));
    await client.markRunning(1);
    // At once: the reset has arrived, and this process has not looked at it yet.
    for (const kept of peer.sockets) kept.resetAndDestroy();
    await client.markRunning(2);
    expect(peer.requests).toHaveLength(2);
  });

  it('is in doubt, and not tried again, when the hub closes it under a call', async () => {
    let calls = 0;
    const { peer, client } = await startHub((socket) => {
      calls += 1;
      if (calls === 1) socket.write(ok);
      else socket.resetAndDestroy();
    });
    await client.markRunning(1);
    await expect(client.markRunning(2)).rejects.toMatchObject({ mayHaveActed: true });
    expect(peer.requests).toHaveLength(2);
  });
});

describe('what a hub says', () => {
  it('comes as it is, which is asked for; what is compressed all the same is called that', async () => {
    const { peer, client } = await startHub((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\n${TYPE}Content-Encoding: gzip\r\nConnection: close\r\n\r\n\x1f\x8b`),
    );
    await expect(client.runningIds()).rejects.toThrow(
      'expected an answer that is not compressed, found gzip',
    );
    expect(peer.requests[0]).toMatch(/^accept-encoding: identity\r$/im);
  });

  it('is called broken off when its connection is', async () => {
    const { client } = await startHub((socket) =>
      socket.end(`HTTP/1.1 200 OK\r\n${TYPE}Content-Length: 100\r\n\r\n<methodResponse>`),
    );
    await expect(client.runningIds()).rejects.toThrow('closed the connection in the middle of its answer');
  });

  it('is cut before it gets into a message, whatever part of the answer it is', async () => {
    const huge = 'x'.repeat(5_000_000);
    const fault = `<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>1</int></value></member><member><name>faultString</name><value>ValueError: ${huge}</value></member></struct></value></fault></methodResponse>`;
    const long = 'y'.repeat(6_000);
    const answers = [
      `HTTP/1.1 200 OK\r\n${TYPE}Connection: close\r\n\r\n${fault}`,
      `HTTP/1.1 500 ${long}\r\nContent-Type: ${long}\r\nConnection: close\r\n\r\n${huge}`,
      `HTTP/1.1 200 OK\r\n${TYPE}Connection: close\r\n\r\n<methodResponse></${'z'.repeat(9_000)}>`,
      `HTTP/1.1 200 OK\r\n${TYPE}Connection: close\r\n\r\n${encodeResponse(Array(5_000).fill('no id'))}`,
    ];
    const { client } = await startHub((socket) => socket.end(answers.shift() ?? ''));
    for (let call = 0; call < 4; call += 1) {
      const error: unknown = await client.runningIds().catch((reason: unknown) => reason);
      expect(String(error).length).toBeLessThan(1_300);
      expect(String(error)).not.toMatch(/\p{Cc}/u);
    }
    expect(answers).toEqual([]);
  });
});
