import { chownSync, lchownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearLogs } from '../../../src/actions/clear-logs.ts';
import { actionContext } from '../../helpers/action-context.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { tempDir, type TempDir } from '../../helpers/temp-dir.ts';

/** Neither root nor the user of the tests. */
const OTHER = 12_345;

describe('clear_logs, when files belong to other users', () => {
  let dir: TempDir;
  let lines: LogLine[];
  let left: string[];

  beforeEach(() => {
    dir = tempDir();
    lines = [];
    left = [];
    mkdirSync(dir.file('below'));
    for (const name of ['current', 'below/log']) writeFileSync(dir.file(name), 'text');
    symlinkSync('current', dir.file('a.lab'));
    symlinkSync('below/log', dir.file('a.lab-below'));
  });
  afterEach(() => dir.remove());

  /** What was left alone, and why. */
  async function clear(): Promise<unknown> {
    const log = recordingLogger(lines);
    const context = actionContext({
      settings: { consoleLogs: dir.path },
      log,
      onLeft: (what) => left.push(what),
    });
    await clearLogs(powerCommand({ action: 'clear_logs', fqdn: 'a.lab' }), context);
    return lines.find(({ level }) => level === 'warn')?.facts['files'] ?? [];
  }
  const contents = (): readonly string[] =>
    ['current', 'below/log'].map((name) => readFileSync(dir.file(name), 'utf8'));

  it('empties the logs of the console server, whose user owns them', async () => {
    writeFileSync(dir.file('a.lab-own'), 'text');
    chownSync(dir.file('a.lab-own'), OTHER, OTHER);

    expect(await clear()).toEqual([]);
    expect(readFileSync(dir.file('a.lab-own'), 'utf8')).toBe('');
    expect(contents()).toEqual(['', '']);
  });

  it('follows no link of theirs', async () => {
    lchownSync(dir.file('a.lab'), OTHER, OTHER);

    expect(await clear()).toEqual(['a.lab: it is a link that belongs to the user 12345']);
    expect(left).toEqual([
      `console logs left as they are in ${dir.path}: a.lab: it is a link that belongs to the user 12345`,
    ]);
    expect(contents()).toEqual(['text', '']);
  });

  it('follows no link to a file of theirs', async () => {
    chownSync(dir.file('current'), OTHER, OTHER);

    expect(await clear()).toEqual(['a.lab: it is a link to a file that belongs to the user 12345']);
    expect(contents()).toEqual(['text', '']);
  });

  it('follows no link into a directory of theirs', async () => {
    chownSync(dir.file('below'), OTHER, OTHER);

    expect(await clear()).toEqual([
      `a.lab-below: it is a link, and ${dir.file('below')} belongs to the user 12345`,
    ]);
    expect(contents()).toEqual(['', 'text']);
  });

  it('follows no link in a directory of theirs', async () => {
    chownSync(dir.path, OTHER, OTHER);

    expect(await clear()).toEqual([
      `a.lab: it is a link, and ${dir.path} belongs to the user 12345`,
      `a.lab-below: it is a link, and ${dir.path} belongs to the user 12345`,
    ]);
    expect(contents()).toEqual(['text', 'text']);
  });
});
