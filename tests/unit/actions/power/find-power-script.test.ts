import { chmodSync, mkdirSync } from 'node:fs';
import { relative } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { findPowerScript } from '../../../../src/actions/power/find-power-script.ts';
import { CommandFailedError } from '../../../../src/errors.ts';
import { bundledScript } from '../../../helpers/bundled-script.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import type { TempDir } from '../../../helpers/temp-dir.ts';

const dirs: TempDir[] = [];

afterEach(() => {
  for (const dir of dirs.splice(0)) dir.remove();
});

function adminDir(...names: string[]): TempDir {
  const dir = tempDir(Object.fromEntries(names.map((name) => [name, '#!/bin/sh\n'])));
  dirs.push(dir);
  return dir;
}

async function refusal(type: string, dir: string): Promise<CommandFailedError> {
  const error: unknown = await findPowerScript(type, dir).catch((thrown: unknown) => thrown);
  if (error instanceof CommandFailedError) return error;
  throw new Error(`expected a CommandFailedError for ${type}, found ${String(error)}`);
}

describe('findPowerScript', () => {
  it("prefers the admin's script to the bundled one", async () => {
    const dir = adminDir('dummy');

    expect(await findPowerScript('dummy', dir.path)).toBe(dir.file('dummy'));
  });

  it('finds the bundled script when the admin has none, or no directory at all', async () => {
    expect(await findPowerScript('dummy', adminDir().path)).toBe(bundledScript('dummy'));
    expect(await findPowerScript('ipmitool', '/no/such/directory')).toBe(bundledScript('ipmitool'));
  });

  it('gives an absolute path for a relative directory, as scripts run elsewhere', async () => {
    const dir = adminDir('my-pdu_2.0');

    expect(await findPowerScript('my-pdu_2.0', relative(process.cwd(), dir.path))).toBe(
      dir.file('my-pdu_2.0'),
    );
  });

  it('passes over what is not executable, or not a file', async () => {
    const dir = adminDir('dummy');
    chmodSync(dir.file('dummy'), 0o644);
    mkdirSync(dir.file('ipmitool'));

    expect(await findPowerScript('dummy', dir.path)).toBe(bundledScript('dummy'));
    expect(await findPowerScript('ipmitool', dir.path)).toBe(bundledScript('ipmitool'));
  });

  it('blames the system for an unknown type, and says where it looked and what to do', async () => {
    const dir = adminDir();
    const { message, systemBroken } = await refusal('toaster', dir.path);

    expect(systemBroken).toBe(true);
    expect(message).toContain('Unknown power type toaster');
    expect(message).toContain(`in ${dir.path} or `);
    expect(message).toContain('power-scripts, found none; add one (chmod 755)');
  });

  it.each([
    '',
    '.',
    '..',
    '.hidden',
    '../dummy',
    '/bin/sh',
    'a/b',
    'a\0',
    'dummy\n',
    '-rf',
    'dum my',
    'дummy',
  ])('refuses %j, which is no name', async (type) => {
    const { message, systemBroken } = await refusal(type, '/bin');

    expect(systemBroken).toBe(true);
    expect(message).toContain(`Power type ${JSON.stringify(type)} is not the name of a power script`);
  });
});
