import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openRegularFile, readRegularFile } from '../../src/regular-file.ts';
import { tempDir, type TempDir } from '../helpers/temp-dir.ts';

describe('a regular file', () => {
  let dir: TempDir;

  beforeEach(() => {
    dir = tempDir();
    writeFileSync(dir.file('file'), 'text');
  });
  afterEach(() => dir.remove());

  const opened = async (path: string, maxBytes: number): Promise<void> => {
    await (await openRegularFile(path, { maxBytes })).close();
  };

  it('is read whole, however long', () => {
    const bytes = Buffer.alloc(300_001, 'ab');
    writeFileSync(dir.file('long'), bytes);
    expect(readRegularFile(dir.file('long'), { maxBytes: 300_001 }).equals(bytes)).toBe(true);
  });

  it('is read to its end when its size says nothing, as in /proc', () => {
    const text = readRegularFile('/proc/self/mountinfo', { maxBytes: 10_000_000 }).toString();
    expect(text).toBe(readFileSync('/proc/self/mountinfo', 'utf8'));
    expect(() => readRegularFile('/proc/self/mountinfo', { maxBytes: 10 })).toThrow(
      'expected at most 10 bytes',
    );
  });

  it('is refused when it is larger than it may be, without being read', async () => {
    truncateSync(dir.file('file'), 1_000_000_000_000);
    const refusal = 'expected at most 1000 bytes, found 1000000000000 or more: ';
    expect(() => readRegularFile(dir.file('file'), { maxBytes: 1_000 })).toThrow(refusal);
    await expect(opened(dir.file('file'), 1_000)).rejects.toThrow(refusal);
  });

  it.each([
    ['a FIFO', () => execFileSync('mkfifo', [dir.file('it')])],
    ['a directory', () => mkdirSync(dir.file('it'))],
    ['a symbolic link', () => symlinkSync('file', dir.file('it'))],
  ])('is not %s, which is refused by name at once', async (kind, make) => {
    make();
    const refusal = `expected a regular file, found ${kind}: ${dir.file('it')}`;
    expect(() => readRegularFile(dir.file('it'), { maxBytes: 1_000 })).toThrow(refusal);
    await expect(opened(dir.file('it'), 1_000)).rejects.toThrow(refusal);
  });

  it('is no device, whatever the link that leads to it', () => {
    symlinkSync('/dev/zero', dir.file('it'));
    const read = (): Buffer => readRegularFile(dir.file('it'), { maxBytes: 1_000, followLinks: true });
    expect(read).toThrow('expected a regular file, found a device');
  });

  it('is no socket', async () => {
    const server = createServer().listen(dir.file('it'));
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      expect(() => readRegularFile(dir.file('it'), { maxBytes: 1_000 })).toThrow('found a socket');
    } finally {
      server.close();
    }
  });

  it('is found through a link where links may be followed', () => {
    symlinkSync('file', dir.file('it'));
    expect(readRegularFile(dir.file('it'), { maxBytes: 4, followLinks: true }).toString()).toBe('text');
  });
});
