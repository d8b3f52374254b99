import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearLogs } from '../../../src/actions/clear-logs.ts';
import { actionContext } from '../../helpers/action-context.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { tempDir, type TempDir } from '../../helpers/temp-dir.ts';

describe('clear_logs', () => {
  let dir: TempDir;

  beforeEach(() => {
    dir = tempDir();
  });
  afterEach(() => dir.remove());

  const clear = (fqdn: string, consoleLogs = dir.path): Promise<void> =>
    clearLogs(powerCommand({ action: 'clear_logs', fqdn }), actionContext({ settings: { consoleLogs } }));
  const contents = (...names: readonly string[]): readonly string[] =>
    names.map((name) => readFileSync(dir.file(name), 'utf8'));

  it("empties the system's logs, and no other system's", async () => {
    const own = ['a.lab', 'a.lab-ilo', 'a.lab-serial.1'];
    const others = ['a.lab2', 'a.lab.test', 'b.a.lab', 'aXlab', 'A.lab.old'];
    for (const name of [...own, ...others]) writeFileSync(dir.file(name), 'text');
    await clear('a.lab');
    expect(contents(...own)).toEqual(own.map(() => ''));
    expect(contents(...others)).toEqual(others.map(() => 'text'));
  });

  it('leaves the file to the console server that has it open', async () => {
    writeFileSync(dir.file('a.lab'), 'text');
    const before = execFileSync('stat', ['-c', '%i', dir.file('a.lab')]);
    await clear('a.lab');
    expect(execFileSync('stat', ['-c', '%i', dir.file('a.lab')])).toEqual(before);
  });

  it('empties what a link of that name leads to, and passes over directories, pipes and links to nothing', async () => {
    writeFileSync(dir.file('elsewhere'), 'text');
    symlinkSync(dir.file('elsewhere'), dir.file('a.lab'));
    symlinkSync(dir.file('nowhere'), dir.file('a.lab-gone'));
    mkdirSync(dir.file('a.lab-dir'));
    symlinkSync(dir.file('a.lab-dir'), dir.file('a.lab-link'));
    execFileSync('mkfifo', [dir.file('a.lab-pipe')]);
    symlinkSync(dir.file('a.lab-pipe'), dir.file('a.lab-to-pipe'));
    await clear('a.lab');
    expect(contents('elsewhere')).toEqual(['']);
  });

  it('completes when the lab has no console logs', async () => {
    await clear('a.lab', dir.file('no-such-directory'));
  });

  it('fails with the path and the reason, not blaming the system', async () => {
    writeFileSync(dir.file('a-file'), '');
    await expect(clear('a.lab', dir.file('a-file'))).rejects.toMatchObject({
      message: expect.stringMatching(`cannot read CONSOLE_LOGS ${dir.file('a-file')}: ENOTDIR`),
      systemBroken: false,
    });
  });
});
