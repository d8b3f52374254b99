import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ImageStore } from '../../../src/actions/netboot/images/image-store.ts';
import { InterruptedError } from '../../../src/errors.ts';
import { type FtpServer, type FtpTrouble, startFtpServer } from '../../helpers/ftp-server.ts';
import {
  type Answer,
  image,
  type ImageServer,
  redirect,
  startImageServer,
} from '../../helpers/image-server.ts';
import { imageStores, type ImageStores, textOf } from '../../helpers/image-stores.ts';
import { createOwnCa, type OwnCa } from '../../helpers/own-ca.ts';
import { type RawHttpPeer, startRawHttpPeer } from '../../helpers/raw-http-peer.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('fetching an image by HTTP', () => {
  let server: ImageServer;
  let stores: ImageStores;

  beforeEach(async () => {
    server = await startImageServer();
    stores = imageStores();
  });
  afterEach(async () => {
    await stores.close();
    await server.close();
  });

  const serve = (path: string, answer: Answer): string => {
    server.answers.set(path, answer);
    return `${server.url}${path}`;
  };
  const leftovers = (): readonly string[] => readdirSync(join(stores.dir, 'fetching'));

  it('gives the bytes of the file', async () => {
    expect(await textOf(stores.open(), serve('/vmlinuz', image('kernel')))).toBe('kernel');
    expect(server.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('follows redirects', async () => {
    serve('/there', image('kernel'));
    serve('/here', redirect('/there'));
    expect(await textOf(stores.open(), serve('/start', redirect(`${server.url}/here`)))).toBe('kernel');
  });

  it('shows the user and password of a URL to its server, and to nobody else', async () => {
    const url = serve('/secret', (_request, response) => response.writeHead(403).end()).replace(
      '//',
      '//me:s3cret@',
    );
    const message = await textOf(stores.open(), url).catch(String);
    expect(message).toContain('/secret: expected status 200, found 403');
    expect(message).not.toContain('s3cret');
    expect(server.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('me:s3cret').toString('base64')}`,
    );
  });

  const content = 'x'.repeat(1000);
  it.each<[string, Answer, string]>([
    ['is not there', (_request, response) => response.writeHead(404).end(), 'expected status 200, found 404'],
    ['never answers', () => undefined, 'expected progress, found none for 0.5 s'],
    [
      'stops half-way',
      (_request, response) => response.writeHead(200, { 'content-length': 1000 }).write(content.slice(500)),
      'expected progress, found none for 0.5 s',
    ],
    [
      'ends too early',
      (_request, response) => {
        response.writeHead(200, { 'content-length': 1000 }).write(content.slice(500));
        setTimeout(() => response.destroy(), 50);
      },
      '',
    ],
    ['resets the connection', (request) => request.socket.resetAndDestroy(), ''],
    [
      'says that it is too large',
      (_request, response) => response.writeHead(200, { 'content-length': 20_000_000 }).write('x'),
      'expected at most 10000000 bytes (IMAGE_MAX_MB), found 20000000 or more',
    ],
    [
      'is too large without saying so',
      (_request, response) => {
        response.writeHead(200);
        const more = (): void => {
          if (response.destroyed) return;
          response.write('x'.repeat(1_000_000));
          setImmediate(more);
        };
        more();
      },
      'expected at most 10000000 bytes (IMAGE_MAX_MB)',
    ],
    ['leads in a circle', redirect('/image'), 'expected at most 5 redirects, found more'],
    ['leads to a file', redirect('file:///etc/shadow'), 'expected a redirect to http or https'],
  ])(
    'fails the command when the image %s, names the URL, and leaves nothing',
    async (_what, answer, reason) => {
      const url = serve('/image', answer);
      await expect(textOf(stores.open(), url)).rejects.toMatchObject({
        name: 'CommandFailedError',
        systemBroken: false,
        message: expect.stringContaining(`cannot fetch ${url}: ${reason}`),
      });
      await waitUntil(() => leftovers().length === 0);
    },
  );

  it.each([
    ['the URL is none', 'http://me:s3#cret@host/vmlinuz'],
    ['it leads to one that is none of ours', undefined],
  ])('shows no password when %s', async (_what, given) => {
    const url = given ?? serve('/image', redirect('gopher://me:s3cret@host/'));
    const message = await textOf(stores.open(), url).catch(String);
    expect(message).toContain('cannot fetch ');
    expect(message).not.toMatch(/s3|cret/);
  });

  it('lets go of the connection of an image that it does not want', async () => {
    let isClosed = false;
    const url = serve('/image', (request, response) => {
      request.socket.on('close', () => (isClosed = true));
      response.writeHead(200, { 'content-length': 20_000_000 }).write('x');
    });
    await expect(textOf(stores.open(), url)).rejects.toThrow('IMAGE_MAX_MB');
    await waitUntil(() => isClosed);
  });

  it('goes on with a slow image as long as something comes, but not past the deadline', async () => {
    const url = serve('/image', (_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('x'), 50);
      response.on('close', () => clearInterval(timer));
    });
    const store = stores.open({ deadlineMs: 1_500 });
    await expect(textOf(store, url)).rejects.toThrow('expected the whole of it within 1.5 s');
  });

  it.each([
    ['nobody listens', 'http://127.0.0.1:1/image', 'ECONNREFUSED'],
    ['the host does not exist', 'http://no-such-host.invalid/image', 'no-such-host.invalid'],
    ['the URL is none', 'vmlinuz', 'expected a URL'],
    [
      'the protocol is unknown',
      'nfs://distros.test/image',
      'expected a URL of http, https or ftp, found one of nfs',
    ],
  ])('fails the command when %s', async (_what, url, reason) => {
    await expect(textOf(stores.open({ idleTimeoutMs: 8_000 }), url)).rejects.toMatchObject({
      systemBroken: false,
      message: expect.stringMatching(`cannot fetch ${url}: .*${reason}`),
    });
  });

  it('is interrupted by a stop, and not failed', async () => {
    const stop = new AbortController();
    const fetched = textOf(
      stores.open(),
      serve('/image', () => stop.abort()),
      stop.signal,
    );
    await expect(fetched).rejects.toThrow(InterruptedError);
    await waitUntil(() => leftovers().length === 0);
  });

  it('asks the proxy of the environment, but not for hosts that need none', async () => {
    const asked: string[] = [];
    const proxy = createServer((request, response) => {
      asked.push(request.url ?? '');
      response.end('by proxy');
    });
    // Many proxies open no tunnels but for HTTPS.
    proxy.on('connect', (request, socket) => {
      asked.push(`CONNECT ${request.url ?? ''}`);
      if (request.url?.endsWith(':80') === true) socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      // A tunnel that never opens.
    });
    await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
    const address = proxy.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    try {
      const environment = { HTTP_PROXY: `http://127.0.0.1:${port}` };
      const url = serve('/image', image('kernel'));
      expect(await textOf(stores.open({ environment }), 'http://distros.test/image')).toBe('by proxy');
      expect(asked).toEqual(['http://distros.test/image']);
      const exempt = { ...environment, no_proxy: '127.0.0.1' };
      expect(await textOf(stores.open({ environment: exempt }), url)).toBe('kernel');
      expect(asked).toHaveLength(1);
      const bare = { http_proxy: `127.0.0.1:${port}` };
      expect(await textOf(stores.open({ environment: bare }), 'http://distros.test/image')).toBe('by proxy');
      const forHttps = { HTTPS_PROXY: `http://127.0.0.1:${port}` };
      const stalled = textOf(stores.open({ environment: forHttps }), 'https://distros.test/image');
      await expect(stalled).rejects.toThrow('expected progress, found none for 0.5 s');
      expect(asked.at(-1)).toBe('CONNECT distros.test:443');
    } finally {
      proxy.closeAllConnections();
      proxy.close();
    }
  });
});

describe('fetching large images from a server that closes its connections', () => {
  const MB = 1_000_000;
  const content = Buffer.alloc(40 * MB, 'kernel and initrd');
  const digest = createHash('sha256').update(content).digest('hex');
  let peer: RawHttpPeer | undefined;
  let stores: ImageStores;

  beforeEach(() => {
    stores = imageStores();
  });
  afterEach(async () => {
    await stores.close();
    await peer?.close();
  });

  async function serve(head: string, body: (socket: Socket) => void): Promise<string> {
    peer = await startRawHttpPeer((socket) => {
      socket.write(`${head}\r\n\r\n`);
      body(socket);
    });
    return `http://127.0.0.1:${peer.port}`;
  }

  function digestOf(store: ImageStore, url: string): Promise<string> {
    return store.withImage(url, { signal: new AbortController().signal, log: silentLogger }, async (path) =>
      createHash('sha256').update(readFileSync(path)).digest('hex'),
    );
  }

  const roomy = { maxImageBytes: 100 * MB, cacheBytes: 0, idleTimeoutMs: 10_000 };
  const length = `Content-Length: ${content.length}`;
  it.each([
    ['with Connection: close', `HTTP/1.1 200 OK\r\nConnection: close\r\n${length}`],
    ['as HTTP/1.0 does', `HTTP/1.0 200 OK\r\n${length}`],
    ['and says no length', 'HTTP/1.1 200 OK\r\nConnection: close'],
  ])('gets every byte of many at once (%s)', async (_how, head) => {
    const url = await serve(head, (socket) => socket.end(content));
    const store = stores.open(roomy);
    const digests = await Promise.all(Array.from({ length: 5 }, (_, n) => digestOf(store, `${url}/${n}`)));
    expect(new Set(digests)).toEqual(new Set([digest]));
  });

  it('gets every byte of one in chunks', async () => {
    const url = await serve('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked', (socket) => {
      for (let at = 0; at < content.length; at += MB) {
        socket.write(`${MB.toString(16)}\r\n`);
        socket.write(content.subarray(at, at + MB));
        socket.write('\r\n');
      }
      socket.write('0\r\n\r\n');
    });
    expect(await digestOf(stores.open(roomy), `${url}/image`)).toBe(digest);
  });

  it.each([
    ['FIN', (socket: Socket): void => void socket.end()],
    ['RST', (socket: Socket): void => void socket.resetAndDestroy()],
  ])('fails those alone that are cut off by %s', async (_how, cut) => {
    let isWell = false;
    const url = await serve(`HTTP/1.1 200 OK\r\n${length}`, (socket) => {
      if (isWell) socket.end(content);
      else socket.write(content.subarray(0, 20 * MB), () => cut(socket));
    });
    const store = stores.open(roomy);
    const results = await Promise.allSettled(
      Array.from({ length: 4 }, (_, n) => digestOf(store, `${url}/${n}`)),
    );
    expect(results.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    isWell = true;
    expect(await digestOf(store, `${url}/0`)).toBe(digest);
    await waitUntil(() => readdirSync(join(stores.dir, 'fetching')).length === 0);
  });
});

describe('what an image server says', () => {
  it('is cut before it gets into a message, and is not kept when it is long', async () => {
    const long = 'x'.repeat(6_000);
    const heads = [`HTTP/1.1 500 ${long}`, `HTTP/1.1 302 Found\r\nLocation: gopher://host/${long}`];
    const peer = await startRawHttpPeer((socket) =>
      socket.end(
        `${heads.shift() ?? `HTTP/1.1 200 OK\r\nETag: "${long}"`}\r\nConnection: close\r\n\r\nkernel`,
      ),
    );
    const stores = imageStores();
    const store = stores.open();
    const url = `http://127.0.0.1:${peer.port}/image`;
    expect((await textOf(store, url).catch(String)).length).toBeLessThan(300);
    expect((await textOf(store, url).catch(String)).length).toBeLessThan(600);
    expect(await textOf(store, url)).toBe('kernel');
    expect(await textOf(store, url)).toBe('kernel');
    expect(peer.requests.at(-1)).not.toContain('if-none-match');
    await stores.close();
    await peer.close();
  });
});

describe('fetching an image by HTTPS', () => {
  let ca: OwnCa;
  let server: ImageServer;
  let stores: ImageStores;

  beforeEach(async () => {
    ca = await createOwnCa();
    server = await startImageServer(await ca.issue(['IP:127.0.0.1']));
    server.answers.set('/image', image('kernel'));
    stores = imageStores();
  });
  afterEach(async () => {
    await stores.close();
    await server.close();
    await ca.remove();
  });

  it('trusts the authorities of CA_CERT', async () => {
    expect(await textOf(stores.open({ caCert: ca.caCert }), `${server.url}/image`)).toBe('kernel');
  });

  it('trusts nobody else, unless it is told not to look', async () => {
    await expect(textOf(stores.open(), `${server.url}/image`)).rejects.toThrow(/certificate/);
    expect(await textOf(stores.open({ sslVerify: false }), `${server.url}/image`)).toBe('kernel');
  });
});

describe('fetching an image by FTP', () => {
  let server: FtpServer;
  let stores: ImageStores;

  beforeEach(async () => {
    server = await startFtpServer();
    server.files.set('f40/image', { content: 'kernel'.repeat(1000), changed: '20260101000000' });
    stores = imageStores();
  });
  afterEach(async () => {
    await stores.close();
    await server.close();
  });

  const fetch = (store = stores.open()): Promise<string> => textOf(store, `${server.url}/f40/image`);

  it('gives the bytes of the file, as anonymous', async () => {
    expect(await fetch()).toBe('kernel'.repeat(1000));
    expect(server.heard).toContain('USER anonymous');
  });

  it.each(['us%0D%0ADELE%20er@', 'user:pass%0D%0ADELE%20word@', 'user:pass%00word@'])(
    'tells the server nothing of a URL with %s, which would be commands of its own',
    async (login) => {
      const url = `${server.url.replace('//', `//${login}`)}/f40/image`;
      await expect(textOf(stores.open(), url)).rejects.toMatchObject({
        systemBroken: false,
        message: expect.stringContaining('without control characters'),
      });
      expect(server.heard).toEqual([]);
    },
  );

  it('fetches it again only when its size or time has changed', async () => {
    const retrieved = (): number => server.heard.filter((line) => line.startsWith('RETR')).length;
    const store = stores.open();
    await fetch(store);
    await fetch(store);
    expect(retrieved()).toBe(1);
    server.files.set('f40/image', { content: 'KERNEL'.repeat(1000), changed: '20260101000001' });
    expect(await fetch(store)).toContain('KERNEL');
    expect(retrieved()).toBe(2);
  });

  it('fetches it each time from a server that knows neither', async () => {
    server.trouble = 'knows-no-size';
    const store = stores.open();
    await fetch(store);
    expect(await fetch(store)).toBe('kernel'.repeat(1000));
    expect(server.heard.filter((line) => line.startsWith('RETR'))).toHaveLength(2);
  });

  it('fetches it each time from a server that answers these questions badly', async () => {
    server.files.set('f40/image', { content: 'kernel', changed: 'yesterday' });
    const store = stores.open();
    await fetch(store);
    expect(await fetch(store)).toBe('kernel');
    expect(server.heard.filter((line) => line.startsWith('RETR'))).toHaveLength(2);
  });

  it.each<[FtpTrouble, string]>([
    ['stall-data', 'expected progress, found none for 0.5 s'],
    ['stall', 'expected progress, found none for 0.5 s'],
    ['truncate', 'expected 6000 bytes, found 3000'],
    ['no-such-file', '550'],
    ['refuses-login', '530'],
  ])('fails the command, names the URL, and leaves nothing: %s', async (trouble, reason) => {
    server.trouble = trouble;
    await expect(fetch()).rejects.toMatchObject({
      systemBroken: false,
      message: expect.stringMatching(`cannot fetch ${server.url}/f40/image: .*${reason}`),
    });
    await waitUntil(() => readdirSync(join(stores.dir, 'fetching')).length === 0);
  });
});
