import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { clearLogs } from '../../../src/actions/clear-logs.ts';
import { actionContext } from '../../helpers/action-context.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { tempDir, type TempDir } from '../../helpers/temp-dir.ts';

describe('clear_logs', () => {
  let dir: TempDir;
  let lines: LogLine[];

  beforeEach(() => {
    dir = tempDir();
    lines = [];
  });
  afterEach(() => dir.remove());

  const clear = (fqdn: string, consoleLogs = dir.path): Promise<void> =>
    clearLogs(
      powerCommand({ action: 'clear_logs', fqdn }),
      actionContext({
        settings: { consoleLogs },
        log: { ...recordingLogger(lines), debug: () => undefined },
      }),
    );
  const contents = (...names: readonly string[]): readonly string[] =>
    names.map((name) => readFileSync(dir.file(name), 'utf8'));

  it.each([
    ['', '-ilo', '-serial.1', '_console', '-20261128', '-20261128.gz', '-'],
    ['.log', '.log.1', '.log.1.gz', '.log-20261128.xz', '.log.old', '.log-2026-11-28_12:30.bz2'],
    ['.1', '.2.gz', '.20261128', '.2026-11-28', '.2026-11-28T12:30', '.gz', '.xz', '.bz2', '.old', '.old.gz'],
  ])("empties the system's logs: its name and %j, %j, …", async (...endings) => {
    const names = endings.map((ending) => `a.lab${ending}`);
    for (const name of names) writeFileSync(dir.file(name), 'text');
    await clear('a.lab');
    expect(contents(...names)).toEqual(names.map(() => ''));
    expect(lines).toEqual([]);
  });

  it('leaves a log whose name it cannot write, and says so', async () => {
    const path = Buffer.concat([Buffer.from(dir.file('a.lab-')), Buffer.from([0xe4])]);
    writeFileSync(path, 'text');
    await clear('a.lab');
    expect(readFileSync(path, 'utf8')).toBe('text');
    expect(lines).toMatchObject([{ facts: { files: ['a.lab-\uFFFD: its name is not UTF-8'] } }]);
  });

  it("empties no other system's, though its name begins with the system's", async () => {
    const others = [
      'a.lab2',
      'a.lab.test',
      'a.lab.test.log',
      'a.lab.1.test',
      'a.lab.',
      'a.lab.logs',
      'a.lab.1-x',
    ];
    const more = ['b.a.lab', 'aXlab', 'A.lab', 'a.lab~', 'a.lab.log.', '.a.lab'];
    for (const name of [...others, ...more]) writeFileSync(dir.file(name), 'text');
    await clear('a.lab');
    expect(contents(...others, ...more)).toEqual([...others, ...more].map(() => 'text'));
  });

  it('knows names as long as names may be', async () => {
    const fqdn = `${'a.'.repeat(126)}a`;
    const names = [fqdn, `${fqdn}-1`];
    for (const name of names) writeFileSync(dir.file(name), 'text');
    await clear(fqdn);
    expect(contents(...names)).toEqual(['', '']);
  });

  it('leaves the file to the console server that has it open', async () => {
    writeFileSync(dir.file('a.lab'), 'text');
    const before = execFileSync('stat', ['-c', '%i', dir.file('a.lab')]);
    await clear('a.lab');
    expect(execFileSync('stat', ['-c', '%i', dir.file('a.lab')])).toEqual(before);
  });

  it('empties what a link leads to within the directory, below it too, and does not mind links to nothing', async () => {
    mkdirSync(dir.file('today'));
    for (const name of ['current', 'today/log']) writeFileSync(dir.file(name), 'text');
    symlinkSync('current', dir.file('a.lab'));
    symlinkSync(dir.file('today/log'), dir.file('a.lab-today'));
    symlinkSync('nowhere', dir.file('a.lab-gone'));
    symlinkSync('nowhere/at/all', dir.file('a.lab-far'));
    await clear('a.lab');
    expect(contents('current', 'today/log')).toEqual(['', '']);
    expect(lines).toEqual([]);
  });

  it('leaves alone what may be a way to another file, says so, and completes', async () => {
    const outside = tempDir();
    try {
      for (const name of ['target', 'twin']) writeFileSync(outside.file(name), 'text');
      symlinkSync(outside.file('target'), dir.file('a.lab'));
      linkSync(outside.file('twin'), dir.file('a.lab-hard'));
      symlinkSync(outside.path, dir.file('way'));
      symlinkSync('way/target', dir.file('a.lab-way'));
      symlinkSync('a.lab', dir.file('a.lab-again'));
      symlinkSync('../../../../etc/hostname', dir.file('a.lab-up'));
      mkdirSync(dir.file('a.lab-dir'));
      symlinkSync('a.lab-dir', dir.file('a.lab-link'));
      execFileSync('mkfifo', [dir.file('a.lab-pipe')]);
      symlinkSync('a.lab-pipe', dir.file('a.lab-to-pipe'));
      writeFileSync(dir.file('a.lab-log'), 'text');
      await clear('a.lab');
      expect(readFileSync(outside.file('target'), 'utf8')).toBe('text');
      expect(readFileSync(outside.file('twin'), 'utf8')).toBe('text');
      expect(contents('a.lab-log')).toEqual(['']);
      expect(lines).toEqual([
        {
          level: 'warn',
          event: 'console logs left as they are',
          facts: {
            dir: dir.path,
            files: [
              `a.lab: it is a link to ${outside.file('target')}, which is not in ${dir.path}`,
              'a.lab-again: it is a link',
              'a.lab-dir: it is not a file',
              'a.lab-hard: the file has 2 names (hard links)',
              'a.lab-link: it is not a file',
              'a.lab-pipe: it is not a file',
              'a.lab-to-pipe: it is not a file',
              expect.stringMatching(/^a\.lab-up: it is a link to .*\/etc\/hostname, which is not in /),
              expect.stringMatching(/^a\.lab-way: it is a link to .*\/way\/target, which is not in /),
            ],
          },
        },
      ]);
    } finally {
      outside.remove();
    }
  });

  it('does not wait for a pipe that another process reads, and puts nothing into it', async () => {
    execFileSync('mkfifo', [dir.file('a.lab')]);
    const reader = openSync(dir.file('a.lab'), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      await clear('a.lab');
      expect(lines).toMatchObject([{ facts: { files: ['a.lab: it is not a file'] } }]);
    } finally {
      closeSync(reader);
    }
  });

  it('names the first twenty of many that it leaves alone', async () => {
    for (let number = 0; number < 25; number += 1) mkdirSync(dir.file(`a.lab-${number}`));
    await clear('a.lab');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.facts['files']).toHaveLength(21);
    expect(lines[0]?.facts['files']).toContain('and 5 more');
  });

  it('fails when there are more logs than a system has', async () => {
    execFileSync('sh', ['-c', 'seq 0 2000 | sed s/^/a.lab-/ | xargs touch'], { cwd: dir.path });
    await expect(clear('a.lab')).rejects.toMatchObject({
      message: expect.stringContaining('expected at most 2000 logs of a.lab, found more'),
      systemBroken: false,
    });
    // So many files take a busy machine a while.
  }, 30_000);

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
