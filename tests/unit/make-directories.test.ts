import { statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeDirectories } from '../../src/make-directories.ts';
import { type TempDir, tempDir } from '../helpers/temp-dir.ts';

describe('the making of directories', () => {
  let dir: TempDir;

  beforeEach(() => {
    dir = tempDir({ file: '' });
  });
  afterEach(() => dir.remove());

  it('makes those above as well, and lets be what is there', () => {
    makeDirectories(dir.file('a/b/c'), 0o700);
    makeDirectories(dir.file('a/b'), 0o755);
    expect(statSync(dir.file('a/b')).mode & 0o777).toBe(0o700);
  });

  it('ends where a directory takes no entries, or is none', () => {
    expect(() => makeDirectories('/proc/beaker/provision', 0o700)).toThrow(/^ENOENT: .*'\/proc\/beaker'$/);
    expect(() => makeDirectories(dir.file('file/b'), 0o700)).toThrow(/^ENOTDIR: /);
  });
});
