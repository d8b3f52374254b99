import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from '@jest/globals';
import { type Lookup, NameService, threadsForLookups } from '../../../../src/actions/netboot/name-service.ts';
import { waitUntil } from '../../../helpers/wait-until.ts';

const IPV4 = { family: 4, all: true } as const;
const ADDRESSES = [{ address: '10.0.0.1', family: 4 }];

/** A host's look-ups that end when the test says so. */
class SlowHost {
  readonly asked: string[] = [];
  readonly #ends = new Map<string, (end: LookupAddress[] | Error) => void>();

  readonly lookup: Lookup = (name) => {
    this.asked.push(name);
    return new Promise((resolve, reject) => {
      this.#ends.set(name, (end) => (end instanceof Error ? reject(end) : resolve(end)));
    });
  };

  answer(name: string): void {
    this.#ends.get(name)?.(ADDRESSES);
  }

  giveUp(name: string): void {
    this.#ends.get(name)?.(Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' }));
  }
}

describe('the name service', () => {
  const ask = (service: NameService, ...names: readonly string[]): Promise<unknown[]> =>
    Promise.all(names.map((name) => service.lookup(name, IPV4).catch((error: unknown) => error)));

  it.each([
    [undefined, 1],
    ['1', 1],
    ['4', 1],
    ['5', 2],
    ['128', 2],
    ['many', 1],
  ])('leaves a thread for the hub, of UV_THREADPOOL_SIZE=%s', (UV_THREADPOOL_SIZE, threads) => {
    expect(threadsForLookups({ UV_THREADPOOL_SIZE })).toBe(threads);
  });

  it('is asked two names at once, and the others as these are answered', async () => {
    const host = new SlowHost();
    const all = ask(new NameService({ threads: 2, lookup: host.lookup }), 'a', 'b', 'c', 'd');
    expect(host.asked).toEqual(['a', 'b']);
    host.answer('b');
    await waitUntil(() => host.asked.length === 3);
    host.answer('a');
    await waitUntil(() => host.asked.length === 4);
    for (const name of ['c', 'd']) host.answer(name);
    expect(await all).toEqual([ADDRESSES, ADDRESSES, ADDRESSES, ADDRESSES]);
  });

  it('is given up in time by all who ask, and asked no more while its threads are held', async () => {
    const host = new SlowHost();
    const service = new NameService({ threads: 2, lookup: host.lookup, timeoutMs: 50 });
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const startedAt = performance.now();
    const answers = await ask(service, ...names);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    for (const answer of answers) expect(answer).toMatchObject({ code: 'EAI_AGAIN' });
    // The threads of those that were given up are not free.
    expect(await ask(service, 'later')).toMatchObject([{ code: 'EAI_AGAIN' }]);
    expect(host.asked).toEqual(['n0', 'n1']);
  });

  it('is asked anew once the host has given up, and not for those who do not wait any more', async () => {
    const host = new SlowHost();
    const service = new NameService({ threads: 2, lookup: host.lookup, timeoutMs: 50 });
    await ask(service, 'a', 'b', 'given-up');
    host.giveUp('a');
    const wanted = ask(service, 'wanted');
    await waitUntil(() => host.asked.includes('wanted'));
    host.answer('wanted');
    expect(await wanted).toEqual([ADDRESSES]);
    expect(host.asked).toEqual(['a', 'b', 'wanted']);
  });

  it('is not given up for a long queue while it answers', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
    const lookup: Lookup = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return ADDRESSES;
    };
    // All together take 400 ms.
    const answers = await ask(new NameService({ threads: 2, lookup, timeoutMs: 200 }), ...names);
    expect(answers.filter((answer) => answer !== ADDRESSES)).toEqual([]);
  });

  it.each([1, 2])(
    'is asked about image servers after systems, by all of %i threads but one',
    async (threads) => {
      const host = new SlowHost();
      const service = new NameService({ threads, lookup: host.lookup });
      const images = ['i1', 'i2', 'i3'].map((name) => service.lookupOfImages(name, IPV4));
      const systems = ask(service, 's1', 's2');
      const order = ['i1', 's1', 's2', 'i2', 'i3'];
      expect(host.asked).toEqual(order.slice(0, threads));
      if (threads === 1) host.answer('i1');
      await waitUntil(() => host.asked.includes('s1'));
      host.answer('s1');
      await waitUntil(() => host.asked.includes('s2'));
      host.answer('s2');
      await systems;
      for (const name of ['i1', 'i2', 'i3']) {
        await waitUntil(() => host.asked.includes(name));
        host.answer(name);
      }
      await Promise.all(images);
      expect(host.asked).toEqual(order);
    },
  );

  it('is asked once for a name that several want at the same time', async () => {
    const host = new SlowHost();
    const both = ask(new NameService({ threads: 2, lookup: host.lookup }), 'A.lab', 'a.lab');
    host.answer('A.lab');
    expect(await both).toEqual([ADDRESSES, ADDRESSES]);
    expect(host.asked).toEqual(['A.lab']);
  });

  it('passes on what the host says', async () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND a'), { code: 'ENOTFOUND' });
    expect(await ask(new NameService({ threads: 2, lookup: () => Promise.reject(error) }), 'a')).toEqual([
      error,
    ]);
  });
});
