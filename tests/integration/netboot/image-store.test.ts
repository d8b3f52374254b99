import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ImageStore } from '../../../src/actions/netboot/images/image-store.ts';
import { image, type ImageServer, startImageServer } from '../../helpers/image-server.ts';
import { imageStores, type ImageStores, textOf } from '../../helpers/image-stores.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('the image store', () => {
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

  const url = (path: string): string => `${server.url}${path}`;
  const serve = (path: string, content: string, etag = `"${content.length}"`): void =>
    void server.answers.set(path, image(content, { etag }));
  const kept = (): readonly string[] => readdirSync(stores.dir).filter((name) => name.endsWith('.image'));
  const keptBytes = (): number =>
    kept().reduce((sum, name) => sum + statSync(join(stores.dir, name)).size, 0);

  it('fetches once what many want at the same time', async () => {
    serve('/vmlinuz', 'kernel');
    const store = stores.open({ cacheBytes: 0 });
    const texts = await Promise.all(Array.from({ length: 100 }, () => textOf(store, url('/vmlinuz'))));
    expect(new Set(texts)).toEqual(new Set(['kernel']));
    expect(server.sent('/vmlinuz')).toBe(1);
  });

  it('goes on for the others when one of them stops, and ends when all have', async () => {
    let end: (() => void) | undefined;
    let closed = false;
    server.answers.set('/vmlinuz', (_request, response) => {
      response.on('close', () => (closed = !response.writableFinished));
      end = () => response.end('kernel');
    });
    const store = stores.open({ idleTimeoutMs: 20_000 });
    const stops = [new AbortController(), new AbortController()] as const;
    const [first, second] = stops.map(({ signal }) => textOf(store, url('/vmlinuz'), signal));
    await waitUntil(() => end);
    stops[0].abort();
    await expect(first).rejects.toThrow('stopped');
    end?.();
    expect(await second).toBe('kernel');
    const third = textOf(store, url('/vmlinuz'), stops[1].signal);
    end = undefined;
    await waitUntil(() => end);
    stops[1].abort();
    await expect(third).rejects.toThrow('stopped');
    await waitUntil(() => closed);
  });

  it.each([
    ['its ETag', { etag: '"1"' }, { etag: '"2"' }],
    [
      'its date',
      { lastModified: 'Mon, 01 Jun 2026 00:00:00 GMT' },
      { lastModified: 'Tue, 02 Jun 2026 00:00:00 GMT' },
    ],
  ])(
    'asks whether what it kept is still so, by %s, and fetches it again when it is not',
    async (_by, before, after) => {
      server.answers.set('/vmlinuz', image('kernel', before));
      expect(await textOf(stores.open(), url('/vmlinuz'))).toBe('kernel');
      // Another store: what is kept outlives the process.
      expect(await textOf(stores.open(), url('/vmlinuz'))).toBe('kernel');
      expect(server.requests.map(({ status }) => status)).toEqual([200, 304]);
      server.answers.set('/vmlinuz', image('KERNEL', after));
      expect(await textOf(stores.open(), url('/vmlinuz'))).toBe('KERNEL');
      expect(kept()).toHaveLength(1);
    },
  );

  it('fetches it again each time when its server says nothing of its state', async () => {
    server.answers.set('/vmlinuz', image('kernel'));
    const store = stores.open();
    await textOf(store, url('/vmlinuz'));
    await textOf(store, url('/vmlinuz'));
    expect(server.sent('/vmlinuz')).toBe(2);
    expect(kept()).toEqual([]);
  });

  it('leaves the old bytes to those who linked them when an image changes', async () => {
    const store = stores.open();
    const linked = join(stores.dir, '../linked');
    serve('/vmlinuz', 'kernel');
    await store.withImage(
      url('/vmlinuz'),
      { signal: new AbortController().signal, log: silentLogger },
      async (path) => linkSync(path, linked),
    );
    serve('/vmlinuz', 'new kernel');
    await textOf(store, url('/vmlinuz'));
    expect(readFileSync(linked, 'utf8')).toBe('kernel');
    expect(statSync(linked).mode & 0o777).toBe(0o644);
  });

  it('keeps nothing when it is told not to', async () => {
    serve('/vmlinuz', 'kernel');
    const store = stores.open({ cacheBytes: 0 });
    await textOf(store, url('/vmlinuz'));
    await textOf(store, url('/vmlinuz'));
    expect(server.sent('/vmlinuz')).toBe(2);
    await waitUntil(() => readdirSync(join(stores.dir, 'fetching')).length === 0);
    expect(readdirSync(stores.dir)).toEqual(['fetching']);
  });

  it('lets go of what was used least recently, and of nothing that fits', async () => {
    const names = ['/a', '/b', '/c', '/d'];
    for (const name of names) serve(name, 'x'.repeat(100), `"${name}"`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 8 }), async (uses) => {
        const own = imageStores();
        try {
          const store = own.open({ cacheBytes: 250 });
          const recent: string[] = [];
          for (const name of uses) {
            const before = server.sent(name);
            await textOf(store, url(name));
            expect(server.sent(name) - before).toBe(recent.slice(0, 2).includes(name) ? 0 : 1);
            if (recent.includes(name)) recent.splice(recent.indexOf(name), 1);
            recent.unshift(name);
          }
        } finally {
          await own.close();
        }
      }),
      { numRuns: 25 },
    );
  });

  it('keeps no more than it has room for', async () => {
    const store = stores.open({ cacheBytes: 1_000 });
    for (let nth = 0; nth < 20; nth += 1) {
      serve(`/${nth}`, 'x'.repeat(150), `"${nth}"`);
      await textOf(store, url(`/${nth}`));
      expect(keptBytes()).toBeLessThanOrEqual(1_000);
    }
    serve('/huge', 'x'.repeat(2_000));
    await textOf(store, url('/huge'));
    expect(keptBytes()).toBeGreaterThan(700);
  });

  it('takes what makes no sense for nothing: half a file, an index of somebody else', async () => {
    serve('/vmlinuz', 'kernel');
    const fetched = async (): Promise<number> => {
      expect(await textOf(stores.open(), url('/vmlinuz'))).toBe('kernel');
      return server.sent('/vmlinuz');
    };
    await fetched();
    writeFileSync(join(stores.dir, kept()[0] ?? ''), 'ker');
    expect(await fetched()).toBe(2);
    const index = readdirSync(stores.dir).find((name) => name.endsWith('.json')) ?? '';
    writeFileSync(join(stores.dir, index), '{"url": 7');
    expect(await fetched()).toBe(3);
    writeFileSync(
      join(stores.dir, index),
      JSON.stringify({ url: url('/vmlinuz'), image: '../../etc/passwd', size: 1 }),
    );
    expect(await fetched()).toBe(4);
  });

  it('removes what a killed process was fetching', async () => {
    mkdirSync(join(stores.dir, 'fetching'), { recursive: true });
    writeFileSync(join(stores.dir, `fetching/${hostname()}:999999999:1`), 'half');
    serve('/vmlinuz', 'kernel');
    await textOf(stores.open(), url('/vmlinuz'));
    await waitUntil(() => readdirSync(join(stores.dir, 'fetching')).length === 0);
  });
});

describe('the image store on a bad disk', () => {
  let server: ImageServer;
  let mount: string;
  let store: ImageStore;
  const dir = tempDir();
  let stores: ImageStores;

  beforeEach(async () => {
    server = await startImageServer();
    server.answers.set('/large', image('x'.repeat(2_000_000), { etag: '"1"' }));
    mount = dir.file('disk');
    mkdirSync(mount, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mount]);
    stores = imageStores();
    store = stores.open({ dir: join(mount, 'images') });
  });
  afterEach(async () => {
    await stores.close();
    await server.close();
    execFileSync('umount', [mount]);
    dir.remove();
  });

  it('fails the command with the path and the reason when the disk is full, and leaves nothing', async () => {
    await expect(textOf(store, `${server.url}/large`)).rejects.toMatchObject({
      systemBroken: false,
      message: expect.stringMatching(`cannot write ${mount}/images/fetching/.*ENOSPC`),
    });
    await waitUntil(() => readdirSync(join(mount, 'images/fetching')).length === 0);
  });

  it('fails the command with the path and the reason when the disk is read-only', async () => {
    execFileSync('mount', ['-o', 'remount,ro', mount]);
    await expect(textOf(store, `${server.url}/large`)).rejects.toMatchObject({
      systemBroken: false,
      message: expect.stringMatching(`cannot write ${mount}/images/fetching.*EROFS`),
    });
  });
});
