import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { tempDir, type TempDir } from '../../helpers/temp-dir.ts';

/** A process that journals the start of four commands, as the kernel sees it. */
describe('the journal of a process', () => {
  let dir: TempDir;
  let calls: readonly string[];

  beforeEach(() => {
    dir = tempDir();
    const trace = dir.file('trace');
    execFileSync(
      'strace',
      [
        ...['-f', '-y', '-o', trace, '-e', 'trace=write,fsync,fdatasync', process.execPath],
        ...['--import', './scripts/lib/ts-loader.mjs', 'tests/fixtures/integration/journaling.ts'],
        dir.file('state'),
      ],
      { stdio: 'pipe' },
    );
    calls = readFileSync(trace, 'utf8').split('\n');
  });
  afterEach(() => dir.remove());

  const syncsOfStart = (action: string): readonly string[] => {
    const at = (what: string): number => calls.findIndex((call) => call.includes(`"${what} ${action}`));
    expect(at('begin')).toBeGreaterThan(-1);
    expect(at('end')).toBeGreaterThan(at('begin'));
    return calls
      .slice(at('begin'), at('end'))
      .filter((call) => /\bf(data)?sync\(.*journal\.db-wal/.test(call));
  };

  it('has the start of what must not be repeated on the disk before it goes on, and waits for the disk no more than that', () => {
    expect(['reboot', 'interrupt'].map((action) => syncsOfStart(action).length)).toEqual([1, 1]);
    expect(['on', 'off'].map((action) => syncsOfStart(action).length)).toEqual([0, 0]);
  });
});
