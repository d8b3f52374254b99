import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ImageCache } from '../../../../src/actions/netboot/images/image-cache.ts';
import { tempDir, type TempDir } from '../../../helpers/temp-dir.ts';

const HOUR_MS = 3_600_000;

describe('the image cache', () => {
  let dir: TempDir;

  beforeEach(() => {
    dir = tempDir();
    mkdirSync(dir.file('cache'));
  });
  afterEach(() => dir.remove());

  const keep = async (cache: ImageCache, name: string): Promise<void> => {
    writeFileSync(dir.file(name), 'x'.repeat(100));
    const validators = { etag: `"${name}"`, lastModified: undefined, size: 100 };
    await cache.keep(`http://d.test/${name}`, dir.file(name), validators);
  };
  const inAnHour = (): number => Date.now() + HOUR_MS;

  it('removes what killed processes left of its own, and nothing else, however old', async () => {
    const own = ['stray.image', 'stray.image.new', `${'0'.repeat(32)}.json`];
    const others = ['fetching', 'notes.txt', 'settings.json'];
    for (const name of [...own, 'notes.txt', 'settings.json']) writeFileSync(dir.file(`cache/${name}`), '');
    mkdirSync(dir.file('cache/fetching'));
    writeFileSync(dir.file('cache/fetching/half'), '');
    await keep(new ImageCache(dir.file('cache'), 1_000, inAnHour), 'a');
    const left = readdirSync(dir.file('cache'));
    expect(left).toEqual(expect.arrayContaining(others));
    expect(left.filter((name) => own.includes(name))).toEqual([]);
    expect(existsSync(dir.file('cache/fetching/half'))).toBe(true);
  });

  it('leaves to another process what that is about to name', async () => {
    writeFileSync(dir.file('cache/new.image'), '');
    await keep(new ImageCache(dir.file('cache'), 1_000), 'a');
    expect(existsSync(dir.file('cache/new.image'))).toBe(true);
  });

  it('loses nothing but itself by an index that makes no sense', async () => {
    const cache = new ImageCache(dir.file('cache'), 1_000, inAnHour);
    await keep(cache, 'a');
    writeFileSync(dir.file(`cache/${'0'.repeat(32)}.json`), '{');
    await keep(cache, 'b');
    expect(['a', 'b'].map((name) => cache.find(`http://d.test/${name}`) !== undefined)).toEqual([true, true]);
  });

  it('keeps its bounds beside a directory in the place of what it knows', async () => {
    const cache = new ImageCache(dir.file('cache'), 150);
    mkdirSync(dir.file(`cache/${'0'.repeat(32)}.json`));
    await keep(cache, 'a');
    await keep(cache, 'b');
    expect(readdirSync(dir.file('cache')).filter((name) => name.endsWith('.image'))).toHaveLength(1);
  });

  it('lets go first of what was used while the clock was ahead', async () => {
    await keep(new ImageCache(dir.file('cache'), 250, inAnHour), 'a');
    const cache = new ImageCache(dir.file('cache'), 250);
    await keep(cache, 'b');
    await keep(cache, 'c');
    expect(['a', 'b', 'c'].filter((name) => cache.find(`http://d.test/${name}`) !== undefined)).toEqual([
      'b',
      'c',
    ]);
  });

  it('removes the image of what it lets go of at once', async () => {
    const cache = new ImageCache(dir.file('cache'), 150);
    await keep(cache, 'a');
    await keep(cache, 'b');
    expect(readdirSync(dir.file('cache')).filter((name) => name.endsWith('.image'))).toHaveLength(1);
    expect(cache.find('http://d.test/a')).toBeUndefined();
  });
});
