import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCli, type CliProcess } from '../helpers/cli-process.ts';
import { type TempDir, tempDir } from '../helpers/temp-dir.ts';

describe('the built program in a folder of its own', () => {
  let dir: TempDir;

  beforeEach(() => {
    dir = tempDir();
    for (const part of ['bin', 'dist', 'package.json']) {
      cpSync(part, dir.file(join('installed', part)), { recursive: true });
    }
  });
  afterEach(() => dir.remove());

  const start = (args: readonly string[], env = {}): CliProcess =>
    startCli(args, { program: [dir.file('installed/dist/cli.js')], env });

  it('says the same in all languages, and reads no words of them beside the folder', async () => {
    mkdirSync(dir.file('locales'));
    for (const language of ['en', 'de', 'de_DE']) writeFileSync(dir.file(`locales/${language}.json`), '{');
    for (const LC_ALL of ['C', 'en', 'de_DE.UTF-8', '../locales/de']) {
      const program = start(['nonsense'], { LC_ALL });
      expect(await program.exited).toBe(2);
      expect(program.stderr).toBe(
        'beaker-provision: Unknown argument: nonsense; see beaker-provision --help\n',
      );
    }
  });

  it('is found by a link to its entry', async () => {
    symlinkSync(dir.file('installed/dist/cli.js'), dir.file('link'));
    const program = startCli(['--version'], { program: [dir.file('link')] });
    expect(await program.exited).toBe(0);
    expect(program.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  /** Runs the launcher by a link to a link, with Node telling what it was started with before the program's own output. */
  const launch = async (args: readonly string[], env = {}): Promise<{ pid: number; lines: string[] }> => {
    const tell =
      'console.log(process.pid, process.env.UV_THREADPOOL_SIZE, JSON.stringify(process.argv.slice(2)))';
    mkdirSync(dir.file('sbin'));
    symlinkSync('../installed/bin/beaker-provision', dir.file('sbin/beaker-provision'));
    symlinkSync('sbin/beaker-provision', dir.file('link'));
    const child = spawn(dir.file('link'), args, {
      cwd: '/',
      env: {
        PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(tell)}`,
        ...env,
      },
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    return { pid: child.pid ?? 0, lines };
  };

  it('is run by its launcher with threads enough for look-ups that hang, in the same process', async () => {
    const { pid, lines } = await launch(['--version']);
    expect(lines).toEqual([`${pid} 16 ["--version"]`, expect.stringMatching(/^\d+\.\d+\.\d+$/)]);
  });

  it('gets from its launcher what the admin says, as it was said', async () => {
    const args = ['clear-netboot', 'a "b" $c', '', '*'];
    const { pid, lines } = await launch(args, { UV_THREADPOOL_SIZE: '3' });
    expect(lines).toEqual([`${pid} 3 ${JSON.stringify(args)}`]);
  });

  it('reads no package.json of where it is run, and does not wait for a FIFO of that name', async () => {
    execFileSync('mkfifo', [dir.file('package.json')]);
    const program = startCli(['--version'], { under: ['env', '-C', dir.path] });
    expect(await program.exited).toBe(0);
  });

  it('works in a directory that was deleted', async () => {
    mkdirSync(dir.file('gone'));
    const script = 'rmdir "$PWD"; exec "$@"';
    const program = startCli(['check-config'], {
      under: ['env', '-C', dir.file('gone'), 'sh', '-c', script, 'sh'],
    });
    expect(await program.exited).toBe(0);
    expect(program.stdout).toContain('SLEEP_TIME');
  });

  it('says which Node it needs, with the exit code of what trying again does not mend', async () => {
    const pretend = "Object.defineProperty(process, 'versions', { value: { node: '18.20.4' } })";
    const program = startCli(['worker'], {
      program: ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, 'dist/cli.js'],
    });
    expect(await program.exited).toBe(2);
    expect(program.stderr).toMatch(
      /^beaker-provision: expected Node 20\.19 or later, found .*, 18\.20\.4\n$/,
    );
  });
});
