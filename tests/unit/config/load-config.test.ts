import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, describe, expect, it } from '@jest/globals';
import { namedSettings } from '../../../src/config/settings.ts';
import { configProblems } from '../../helpers/config-problems.ts';
import { loadTestConfig } from '../../helpers/load-test-config.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import type { TempDir } from '../../helpers/temp-dir.ts';

const made: TempDir[] = [];
afterEach(() => made.splice(0).forEach(({ remove }) => remove()));

function makeDir(files: Readonly<Record<string, string>>): TempDir {
  const dir = tempDir(files);
  made.push(dir);
  return dir;
}

/** A configuration file with this text. */
function confFile(text: string): string {
  return makeDir({ 'lab.conf': text }).file('lab.conf');
}

describe('the sources of the configuration', () => {
  it('are overridden in the order default, file, environment, flags, and each value says where it is from', () => {
    const file = confFile('POWER_ATTEMPTS = 2\nSLEEP_TIME = 2\n\nCONCURRENCY = 2\n');
    const { config, origins } = loadTestConfig({
      file,
      env: { BEAKER_SLEEP_TIME: '3', BEAKER_CONCURRENCY: '3' },
      flags: { concurrency: '4' },
    });
    expect(config).toMatchObject({ powerTimeoutS: 300, powerAttempts: 2, sleepTimeS: 3, concurrency: 4 });
    expect(origins).toMatchObject({
      powerTimeoutS: 'default',
      powerAttempts: `${file}:1`,
      sleepTimeS: 'BEAKER_SLEEP_TIME',
      concurrency: '--concurrency',
    });
  });

  it('give every setting an origin, and a value that is valid or undefined', () => {
    const { config, origins } = loadTestConfig();
    expect(Object.keys(origins).sort()).toEqual(
      namedSettings()
        .map(([name]) => name)
        .sort(),
    );
    expect(Object.keys(config).every((name) => name in origins)).toBe(true);
  });

  it('use the default file when it exists', () => {
    const defaultFile = confFile('SLEEP_TIME = 7');
    expect(loadTestConfig({ defaultFile }).config.sleepTimeS).toBe(7);
  });

  it('ignore the default file when another is named', () => {
    const defaultFile = confFile('SLEEP_TIME = 7');
    expect(loadTestConfig({ defaultFile, file: confFile('') }).config.sleepTimeS).toBe(20);
  });

  it('must include the file that is named', () => {
    expect(configProblems(() => loadTestConfig({ file: '/nonexistent/lab.conf' }))).toEqual([
      expect.stringMatching(
        /^\/nonexistent\/lab\.conf: expected a readable configuration file, found: ENOENT/,
      ),
    ]);
  });

  it('must not include a default file that exists but cannot be read', () => {
    const dir = makeDir({});
    mkdirSync(dir.file('lab.conf'));
    expect(configProblems(() => loadTestConfig({ defaultFile: dir.file('lab.conf') }))).toEqual([
      expect.stringMatching(/lab\.conf: expected a readable configuration file, found: EISDIR/),
    ]);
  });

  it.each([
    ['a FIFO', (path: string) => execFileSync('mkfifo', [path])],
    ['a device', (path: string) => symlinkSync('/dev/zero', path)],
  ])('are not waited for when a file is %s, which is said', (kind, make) => {
    const dir = makeDir({});
    make(dir.file('it'));
    expect(configProblems(() => loadTestConfig({ file: dir.file('it') }))).toEqual([
      `${dir.file('it')}: expected a readable configuration file, found: expected a regular file, found ${kind}: ${dir.file('it')}`,
    ]);
    expect(configProblems(() => loadTestConfig({ env: { BEAKER_PASSWORD_FILE: dir.file('it') } }))).toEqual([
      `PASSWORD_FILE (BEAKER_PASSWORD_FILE): expected a readable file, found: expected a regular file, found ${kind}: ${dir.file('it')}`,
    ]);
  });

  it('leave a key unset that is None in the file, empty in the environment, or a flag not given', () => {
    const { config, origins } = loadTestConfig({
      file: confFile('CA_CERT = None\nSLEEP_TIME = None\nPOWER_ATTEMPTS = 2'),
      env: { BEAKER_SLEEP_TIME: '', BEAKER_POWER_ATTEMPTS: '' },
      flags: { 'sleep-time': undefined },
    });
    expect(config.caCert).toBeUndefined();
    expect(config).toMatchObject({ sleepTimeS: 20, powerAttempts: 2 });
    expect(origins).toMatchObject({ caCert: 'default', sleepTimeS: 'default' });
  });

  it('take no secret from a flag', () => {
    const { config } = loadTestConfig({ flags: { password: 'hunter2', 'amqp-url': 'amqp://x' } });
    expect(config.password).toBeUndefined();
    expect(config.amqpUrls).toEqual([]);
  });

  it('warn of variables that are no setting, with the name that was probably meant', () => {
    const { warnings } = loadTestConfig({
      env: { BEAKER_POWER_TIMOUT: '1', BEAKER_FAVOURITE_COLOUR: 'red', BEAKER_EMPTY: '', PATH: '/bin' },
    });
    expect(warnings).toEqual([
      'BEAKER_POWER_TIMOUT in the environment is no setting: did you mean BEAKER_POWER_TIMEOUT?',
      'BEAKER_FAVOURITE_COLOUR in the environment is no setting: it is ignored',
    ]);
  });

  it('warn of no variable that is a setting or names the file of a secret', () => {
    const file = makeDir({ secret: 'x' }).file('secret');
    expect(loadTestConfig({ env: { BEAKER_LAB: 'lab1', BEAKER_PASSWORD_FILE: file } }).warnings).toEqual([]);
  });
});

describe('a secret in a file of its own', () => {
  it('is read, but for one line break at its end', () => {
    const secrets = makeDir({ one: ' pass word\n\n', two: 'token\r\n' });
    const { config, origins } = loadTestConfig({
      file: confFile(`PASSWORD_FILE = '${secrets.file('one')}'`),
      env: { BEAKER_ACCESS_TOKEN_FILE: secrets.file('two') },
    });
    expect(config.password?.reveal()).toBe(' pass word\n');
    expect(config.accessToken?.reveal()).toBe('token');
    expect(origins.accessToken).toBe(`BEAKER_ACCESS_TOKEN_FILE → ${secrets.file('two')}`);
  });

  it('holds anything that the variable itself may', () => {
    const secrets = makeDir({ urls: 'amqp://a:1@one,amqp://b:2@two\n', accounts: "{'host/lab1': 'pw'}\n" });
    const { config } = loadTestConfig({
      env: {
        BEAKER_AMQP_URL_FILE: secrets.file('urls'),
        BEAKER_SERVER_ACCOUNTS_FILE: secrets.file('accounts'),
      },
    });
    expect(config.amqpUrls.map((url) => url.reveal())).toEqual(['amqp://a:1@one', 'amqp://b:2@two']);
    expect(config.serverAccounts.get('host/lab1')?.reveal()).toBe('pw');
  });

  it('yields to the variable of a later source', () => {
    const file = confFile(`PASSWORD_FILE = '/nonexistent'`);
    expect(loadTestConfig({ file, env: { BEAKER_PASSWORD: 'later' } }).config.password?.reveal()).toBe(
      'later',
    );
  });

  it('is a mistake beside the value itself in the same source', () => {
    const file = confFile(`ACCESS_TOKEN = 'x'\nACCESS_TOKEN_FILE = 'y'`);
    const env = { BEAKER_PASSWORD: 'hunter2', BEAKER_PASSWORD_FILE: '/x' };
    expect(configProblems(() => loadTestConfig({ file, env }))).toEqual([
      'PASSWORD (BEAKER_PASSWORD): expected one value, found another by BEAKER_PASSWORD_FILE; remove one',
      `ACCESS_TOKEN (${file}:1): expected one value, found another by ${file}:2; remove one`,
    ]);
  });

  it('is a mistake when the file cannot be read, is empty, or is not named by text', () => {
    const secrets = makeDir({ empty: '\n' });
    const file = confFile('ACCESS_TOKEN_FILE = 5');
    const env = { BEAKER_PASSWORD_FILE: '/nonexistent', BEAKER_AMQP_URL_FILE: secrets.file('empty') };
    expect(configProblems(() => loadTestConfig({ file, env }))).toEqual([
      expect.stringMatching(
        /^PASSWORD_FILE \(BEAKER_PASSWORD_FILE\): expected a readable file, found: ENOENT/,
      ),
      `ACCESS_TOKEN_FILE (${file}:1): expected a path, found number`,
      expect.stringMatching(/^AMQP_URL \(BEAKER_AMQP_URL_FILE → .*\): expected one or several .*, found ""$/),
    ]);
  });
});

describe('problems of the configuration', () => {
  it('are said all at once, each with key, source, what was expected and what was found', () => {
    const file = confFile(
      `HUB_URL = 'beaker.example.com'\nPOWER_ATTEMPTS = 0\nLAB = '../etc'\nTFTP_ROOT = join('a')\nimport os`,
    );
    const problems = configProblems(() =>
      loadTestConfig({ file, env: { BEAKER_SLEEP_TIME: 'often' }, flags: { 'log-level': 'loud' } }),
    );
    expect([...problems].sort()).toEqual(
      [
        `${file}:5: expected KEY = value, found another kind of statement`,
        `TFTP_ROOT (${file}:4): expected a string, number, True, False, None, list, dict or the name of a key above, found \`join\``,
        `HUB_URL (${file}:1): expected an http:// or https:// URL without user name, query and fragment, found "beaker.example.com"`,
        `LAB (${file}:3): expected a host name, found "../etc"`,
        'SLEEP_TIME (BEAKER_SLEEP_TIME): expected a number of seconds from 0.01 to 86400, found "often"',
        `POWER_ATTEMPTS (${file}:2): expected a whole number from 1 to 20, found 0`,
        'LOG_LEVEL (--log-level): expected one of `error`, `warn`, `info`, `debug`, found "loud"',
      ].sort(),
    );
  });

  it('name a default that does not fit the machine', () => {
    expect(configProblems(() => loadTestConfig({ hostName: 'my_host' }))).toEqual([
      'LAB (default): expected a host name, found "my_host"',
      'URL_DOMAIN (default): expected a host name, found "my_host"',
    ]);
  });

  it.each([
    ['PASSWORD', ''],
    ['PASSWORD = hunter2', ''],
    [`PASSWORD = ['hunter2']`, ''],
    [`PASSWORD = 'hunter2`, ''],
    ['', 'http://user:hunter2@host'],
    ['', 'amqp://user:pw@host,hunter2'],
    [`AMQP_URL = ['amqp://host', 'hunter2']`, ''],
    [`AMQP_URL = {'hunter2': 1}`, ''],
    [`SERVER_ACCOUNTS = {'lab1': 'hunter2', 'lab2': 5}`, ''],
    [`SERVER_ACCOUNTS = 'lab1: hunter2'`, ''],
    [`HUB_URL = 'https://user:hunter2@host/'`, ''],
    [`HUB_URL = 'user://user:hunter2/@host@/'`, ''],
  ])('show no secret: %j %j', (text, amqpUrl) => {
    const file = confFile(text);
    const problems = configProblems(() => loadTestConfig({ file, env: { BEAKER_AMQP_URL: amqpUrl } }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toContain('hunter2');
  });

  it('say which of several URLs is wrong', () => {
    expect(configProblems(() => loadTestConfig({ env: { BEAKER_AMQP_URL: 'amqp://a, b' } }))).toEqual([
      'AMQP_URL (BEAKER_AMQP_URL): expected one or several amqp:// or amqps:// URLs, separated by commas, found something else, not shown, in place 2',
    ]);
  });
});
