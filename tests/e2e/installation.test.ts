import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCli, type CliProcess } from '../helpers/cli-process.ts';
import { type TempDir, tempDir } from '../helpers/temp-dir.ts';

describe('the built program in a folder of its own', () => {
  let dir: TempDir;

  beforeEach(() => {
    dir = tempDir();
    for (const part of ['dist', 'package.json']) {
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

  it('is found by a link to it, such as one in /usr/local/bin', async () => {
    symlinkSync(dir.file('installed/dist/cli.js'), dir.file('link'));
    const program = startCli(['--version'], { program: [dir.file('link')] });
    expect(await program.exited).toBe(0);
    expect(program.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
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
