import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PowerScripts } from '../../../../src/actions/power/power-scripts.ts';
import { CommandFailedError } from '../../../../src/errors.ts';
import { Troubles } from '../../../../src/troubles.ts';
import { bundledScript } from '../../../helpers/bundled-script.ts';
import { type LogLine, recordingLogger } from '../../../helpers/recording-logger.ts';
import { tempDir, type TempDir } from '../../../helpers/temp-dir.ts';

let dir: TempDir;
let lines: LogLine[];
let troubles: Troubles;

beforeEach(() => {
  dir = tempDir({ dummy: '#!/bin/sh\n' });
  lines = [];
  troubles = new Troubles();
});

afterEach(() => dir.remove());

function scripts(adminDir = dir.path, { isRequired = false } = {}): PowerScripts {
  return new PowerScripts({ adminDir, isRequired, troubles, log: recordingLogger(lines) });
}

function refusal(type: string, from: PowerScripts = scripts()): CommandFailedError {
  try {
    throw new Error(`expected a CommandFailedError for ${type}, found ${from.find(type)}`);
  } catch (error) {
    if (error instanceof CommandFailedError) return error;
    throw error;
  }
}

describe('the power scripts', () => {
  it("are the admin's rather than the bundled ones", () => {
    expect(scripts().find('dummy')).toBe(dir.file('dummy'));
  });

  it('are the bundled ones where the admin has none, or no directory at all', () => {
    expect(scripts().find('ipmitool')).toBe(bundledScript('ipmitool'));
    expect(scripts('/no/such/directory').find('ipmitool')).toBe(bundledScript('ipmitool'));
    expect(troubles.list()).toEqual([]);
  });

  it('have absolute paths also in a relative directory, as scripts run in another one', () => {
    expect(scripts(relative(process.cwd(), dir.path)).find('dummy')).toBe(dir.file('dummy'));
  });

  it('are not there for an unknown type, which is the fault of the system; the message says where and what to do', () => {
    const { message, systemBroken } = refusal('toaster');

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
  ])('are not looked for under %j, which is no name', (type) => {
    const { message, systemBroken } = refusal(type, scripts('/bin'));

    expect(systemBroken).toBe(true);
    expect(message).toContain(`Power type ${JSON.stringify(type)} is not the name of a power script`);
  });
});

describe("an admin's script that cannot be run", () => {
  it.each([
    [
      'not executable',
      () => chmodSync(dir.file('dummy'), 0o644),
      'it is not executable; make it so (chmod 755)',
    ],
    ['empty', () => truncateSync(dir.file('dummy')), 'it is empty'],
    [
      'a directory',
      () => {
        rmSync(dir.file('dummy'));
        mkdirSync(dir.file('dummy'));
      },
      'it is not a file',
    ],
    [
      'a link to nothing',
      () => {
        rmSync(dir.file('dummy'));
        symlinkSync(dir.file('gone'), dir.file('dummy'));
      },
      'it is a link to a file that does not exist',
    ],
    [
      'a link to itself',
      () => {
        rmSync(dir.file('dummy'));
        symlinkSync(dir.file('dummy'), dir.file('dummy'));
      },
      'ELOOP',
    ],
  ])(
    'as it is %s, is neither replaced by the bundled one nor the fault of the system',
    (_what, spoil, why) => {
      spoil();
      const { message, systemBroken } = refusal('dummy');

      expect(systemBroken).toBe(false);
      expect(message).toContain(`Power script ${dir.file('dummy')} could not be started: `);
      expect(message).toContain(why);
      expect(troubles.list()).toEqual([message]);
    },
  );

  it('as it has gone since it was used, is not replaced by the bundled one before a restart', () => {
    const from = scripts();
    from.find('dummy');
    renameSync(dir.file('dummy'), dir.file('away'));

    expect(refusal('dummy', from)).toMatchObject({
      systemBroken: false,
      message: expect.stringContaining(`${dir.file('dummy')} could not be started: it has gone`),
    });
    expect(troubles.list()).toHaveLength(1);
    expect(scripts().find('dummy')).toBe(bundledScript('dummy'));

    renameSync(dir.file('away'), dir.file('dummy'));
    expect(from.find('dummy')).toBe(dir.file('dummy'));
    expect(troubles.list()).toEqual([]);
  });

  it('is found, and no trouble any more, when it has been mended', () => {
    const from = scripts();
    chmodSync(dir.file('dummy'), 0o644);
    refusal('dummy', from);
    chmodSync(dir.file('dummy'), 0o755);

    expect(from.find('dummy')).toBe(dir.file('dummy'));
    expect(troubles.list()).toEqual([]);
  });
});

describe("the directory of the admin's scripts", () => {
  const away = (): string => `${dir.path}-away`;

  afterEach(() => rmSync(away(), { recursive: true, force: true }));

  it('has to be there when it is required; the log says so at once, and status', () => {
    const from = scripts('/no/such/directory', { isRequired: true });

    expect(lines).toMatchObject([
      { level: 'warn', facts: { reason: expect.stringContaining('/no/such/directory') } },
    ]);
    expect(troubles.list()).toHaveLength(1);
    expect(refusal('ipmitool', from)).toMatchObject({
      systemBroken: false,
      message: expect.stringContaining(
        'POWER_SCRIPTS_DIR /no/such/directory, cannot be used: it does not exist',
      ),
    });
  });

  it('has to stay once it was there, and may come back', () => {
    const from = scripts();
    renameSync(dir.path, away());

    expect(refusal('ipmitool', from)).toMatchObject({
      systemBroken: false,
      message: expect.stringMatching(`POWER_SCRIPTS_DIR ${dir.path}, cannot be used`),
    });
    expect(troubles.list()).toHaveLength(1);

    renameSync(away(), dir.path);
    expect(from.find('dummy')).toBe(dir.file('dummy'));
    expect(troubles.list()).toEqual([]);
  });

  it('may come later, and has to stay from then on', () => {
    renameSync(dir.path, away());
    const from = scripts();
    expect(from.find('dummy')).toBe(bundledScript('dummy'));

    renameSync(away(), dir.path);
    expect(from.find('dummy')).toBe(dir.file('dummy'));

    renameSync(dir.path, away());
    expect(refusal('dummy', from).systemBroken).toBe(false);
  });

  it('is no file', () => {
    writeFileSync(away(), '');

    expect(refusal('ipmitool', scripts(away()))).toMatchObject({
      systemBroken: false,
      message: expect.stringContaining('it is not a directory'),
    });
  });
});

describe('the directory of the bundled scripts', () => {
  it('is needed for types that the admin has no script for; that it has gone is not the fault of systems', () => {
    const bundledDir = dir.file('gone');
    const from = new PowerScripts({
      adminDir: dir.path,
      isRequired: false,
      bundledDir,
      troubles,
      log: recordingLogger(lines),
    });

    expect(from.find('dummy')).toBe(dir.file('dummy'));
    expect(refusal('ipmitool', from)).toMatchObject({
      systemBroken: false,
      message: expect.stringContaining(`${bundledDir}, cannot be used: it does not exist`),
    });
    expect(troubles.list()).toHaveLength(1);

    mkdirSync(bundledDir);
    expect(refusal('ipmitool', from).systemBroken).toBe(true);
    expect(troubles.list()).toEqual([]);
  });
});

describe('a script that others may change', () => {
  const said = (): readonly unknown[] =>
    lines
      .filter(({ event }) => event === 'others may change what the worker runs')
      .map(({ facts }) => facts['reason']);

  it('is none that belongs to root or the worker and that only its owner may write', () => {
    scripts().find('dummy');

    expect(said()).toEqual([]);
  });

  it('is warned of once, and so is its directory', () => {
    writeFileSync(dir.file('other'), '#!/bin/sh\n', { mode: 0o755 });
    chmodSync(dir.file('dummy'), 0o777);
    chmodSync(dir.path, 0o775);

    const from = scripts();
    for (const type of ['dummy', 'dummy', 'other']) from.find(type);

    expect(said()).toEqual([
      expect.stringMatching(`^the group \\d+ may write to ${dir.path}$`),
      expect.stringMatching(`^the group \\d+ may write to ${dir.file('dummy')}$`),
      `everybody may write to ${dir.file('dummy')}`,
    ]);
  });

  it('is one that a link leads to, in whatever directory', () => {
    const other = tempDir({ theirs: '#!/bin/sh\n' });
    try {
      chmodSync(other.path, 0o777);
      symlinkSync(other.file('theirs'), dir.file('linked'));
      scripts().find('linked');

      expect(said()).toContain(`everybody may write to ${other.path}`);
    } finally {
      other.remove();
    }
  });
});
