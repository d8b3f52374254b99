import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { bundledScript } from '../../helpers/bundled-script.ts';

const scripts = readdirSync(bundledScript(''));

describe.each(scripts)('the bundled script %s', (script) => {
  it('is executable by everybody', () => {
    expect(statSync(bundledScript(script)).mode & 0o111).toBe(0o111);
  });

  it('is POSIX shell without a complaint of shellcheck', () => {
    expect(() =>
      execFileSync('shellcheck', ['--shell=sh', bundledScript(script)], { encoding: 'utf8' }),
    ).not.toThrow();
  });
});
