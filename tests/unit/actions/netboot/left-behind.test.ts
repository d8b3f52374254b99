import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ownName, removeLeftBehind } from '../../../../src/actions/netboot/left-behind.ts';
import { tempDir, type TempDir } from '../../../helpers/temp-dir.ts';

const DAY_MS = 86_400_000;

describe('what processes leave behind of their unfinished work', () => {
  let dir: TempDir;
  let nowMs: number;

  beforeEach(() => {
    dir = tempDir();
    nowMs = 0;
  });
  afterEach(() => dir.remove());

  const remove = (): readonly string[] => {
    removeLeftBehind(dir.path, undefined, () => nowMs);
    return readdirSync(dir.path);
  };

  it('is removed at once when its process is gone from this host', () => {
    mkdirSync(dir.file(`${hostname()}:999999999:12345678:1`));
    const own = ownName();
    mkdirSync(dir.file(own));
    mkdirSync(dir.file(own.replace(/:\d+:/, ':999999999:')));
    expect(remove()).toEqual([own]);
  });

  it.each([
    `${hostname()}:1:12345678:1`,
    'other-host:999999999:12345678:1',
    // Of a container with this host's name.
    `${hostname()}:${process.pid}:1-12345678:1`,
    `${hostname()}:999999999:1-12345678:1`,
  ])('stays when its process may be at it, however long ago the wall clock says it was made (%s)', (name) => {
    mkdirSync(dir.file(name));
    utimesSync(dir.file(name), 0, 0);
    expect(remove()).toEqual([name]);
    nowMs = DAY_MS;
    expect(remove()).toEqual([name]);
  });

  it('is nothing that is not named so, however old', () => {
    writeFileSync(dir.file('notes.txt'), '');
    remove();
    nowMs = 2 * DAY_MS;
    expect(remove()).toEqual(['notes.txt']);
  });

  it('is removed when it has not changed for more than a day', () => {
    mkdirSync(dir.file('other-host:1:12345678:1'));
    remove();
    nowMs = DAY_MS;
    writeFileSync(dir.file('other-host:1:12345678:1/file'), '');
    expect(remove()).toHaveLength(1);
    nowMs = 2 * DAY_MS;
    expect(remove()).toHaveLength(1);
    nowMs += 1;
    expect(remove()).toEqual([]);
  });
});
