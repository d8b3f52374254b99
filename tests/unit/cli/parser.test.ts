import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Output, type OutputStream } from '../../../src/cli/output.ts';
import { buildParser } from '../../../src/cli/parser.ts';
import { Signals } from '../../../src/cli/signals.ts';
import { ConfigError } from '../../../src/errors.ts';
import { rememberSignalListeners } from '../../helpers/signal-listeners.ts';
import { type TempDir, tempDir } from '../../helpers/temp-dir.ts';

describe('the command line', () => {
  let dir: TempDir;
  let restoreListeners: () => void;
  let printed: string[];
  let exitCodes: number[];

  beforeEach(() => {
    dir = tempDir({
      'lab.conf': `HUB_URL = 'http://127.0.0.1:1'\nUSERNAME = 'host/lab'\nPASSWORD = 's3cret-pass'\n`,
    });
    restoreListeners = rememberSignalListeners();
    printed = [];
    exitCodes = [];
    jest.spyOn(console, 'log').mockImplementation((text: unknown) => void printed.push(String(text)));
  });
  afterEach(() => {
    jest.restoreAllMocks();
    restoreListeners();
    dir.remove();
  });

  const run = async (...args: string[]): Promise<void> => {
    const surroundings = { signals: new Signals(), output: new Output(recordingScreen(printed)) };
    await buildParser({
      version: '1.2.3',
      surroundings,
      onExit: (code) => exitCodes.push(code),
    }).parseAsync(args);
  };
  /** The one problem that these arguments are refused for. */
  const problemWith = async (...args: string[]): Promise<string> => {
    const refusal: unknown = await run(...args).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(ConfigError);
    expect(exitCodes).toEqual([]);
    return (refusal as ConfigError).problems.join('\n');
  };

  it('lists the roles in its help', async () => {
    await run('--help');
    for (const role of ['worker', 'server', 'queue <fqdn> <actions..>', 'demo', 'check-config']) {
      expect(printed[0]).toContain(`beaker-provision ${role} `);
    }
    expect(printed[0]).toContain('docs/configuration.md');
    expect(exitCodes).toEqual([]);
  });

  it('explains the flags of a role in the help of that role, by subject', async () => {
    await run('worker', '--help');
    expect(printed[0]).toMatch(
      /Message broker:\n[^]*--amqp-queue-type .*\n?.*\[choices: "quorum", "classic"\]/,
    );
    expect(printed[0]).toContain('--config');
    expect(printed[0]).not.toContain('--server-listen');
    expect(printed[0]).not.toContain('--password');
  });

  it('says its version', async () => {
    await run('--version');
    expect(printed).toEqual(['1.2.3']);
  });

  it('expects a role, and one that there is', async () => {
    expect(await problemWith()).toBe('expected a role, found none; see beaker-provision --help');
    expect(await problemWith('wroker')).toMatch(/wroker.*; see beaker-provision --help$/);
  });

  it.each([
    ['worker', '--nonsense'],
    ['worker', '--server-listen', '127.0.0.1:1'],
    ['check-config', '--nonsense=1'],
    ['demo', '--config', 'x'],
  ])('refuses a flag that the role does not have, and names it: %s %s', async (role, flag, ...rest) => {
    const name = flag.replace('--', '').replace(/=.*/, '');
    expect(await problemWith(role, flag, ...rest)).toMatch(new RegExp(`Unknown argument: ${name};`));
  });

  it.each([
    ['worker', '--amqp-queue-type', 'mirrored'],
    ['worker', '--concurrency', 'many'],
    ['worker', '--sleep-time', '-3'],
    ['queue', '--delay', 'soon'],
    ['queue', '--delay', '-1'],
    ['queue', '--delay', ''],
  ])('refuses a wrong value, and names its flag: %s %s %s', async (role, flag, value) => {
    const args = role === 'queue' ? ['queue', 'sys1.lab', 'on'] : [role];
    const problem = await problemWith(...args, '--config', dir.file('lab.conf'), `${flag}=${value}`);
    expect(problem).toContain(flag.slice(2));
    if (value !== '') expect(problem).toContain(value);
  });

  it.each([
    [['--ssl-verify'], 'true'],
    [['--ssl-verify=yes'], 'true'],
    [['--ssl-verify', 'True'], 'true'],
    [['--ssl-verify=0'], 'false'],
    [['--no-ssl-verify'], 'false'],
  ])('takes %j for %s', async (flags, value) => {
    await run('check-config', '--config', dir.file('lab.conf'), ...flags);
    expect(printed[0]).toMatch(new RegExp(`^SSL_VERIFY +${value} +--ssl-verify$`, 'm'));
  });

  it.each(['--ssl-verify=maybe', '--fallback-primary='])('refuses %s, and does not guess', async (flag) => {
    expect(await problemWith('worker', flag)).toContain('expected true or false, found "');
  });

  it.each(['--wait=no', '--json=yes'])('takes no value for a switch: %s', async (flag) => {
    expect(await problemWith('queue', 'sys1.lab', 'on', flag)).toMatch(/^Argument unexpected for: /);
  });

  it.each([
    ['check-config', '--config=a', '--config=b'],
    ['worker', '--concurrency=1', '--concurrency=2'],
    ['check-config', '--no-config'],
    ['demo', '--no-amqp-url'],
  ])('refuses a flag that says two things, or none: %s %s %s', async (...args) => {
    expect(await problemWith(...args)).toMatch(/--[a-z-]+\)?: expected .*, found (2 values|a list|--no-)/);
  });

  it('refuses two delays', async () => {
    const args = ['queue', 'sys1.lab', 'on', '--config', dir.file('lab.conf'), '--delay=1', '--delay=2'];
    expect(await problemWith(...args)).toBe('--delay: expected one value, found 2 values');
  });

  it.each([
    [['check-config', '--config.x=1']],
    [['check-config', '--', 'config']],
    [['clear-netboot', 'sys1.lab', '--', 'sys2.lab']],
  ])('refuses what it would not heed: %j', async (args) => {
    expect(await problemWith(...args)).toMatch(/^Unknown argument: /);
  });

  it.each(['--config', '--amqp-topology', '--concurrency'])('expects a value after %s', async (flag) => {
    expect(await problemWith('worker', flag)).toContain(flag.slice(2));
  });

  it('takes several actions for a system, in their order', async () => {
    const problem = await problemWith(
      'queue',
      'sys1.lab',
      'explode',
      'implode',
      '--config',
      dir.file('lab.conf'),
    );
    expect(problem).toMatch(/found "explode"\n.*found "implode"$/);
  });

  it('expects a system and an action to queue', async () => {
    expect(await problemWith('queue')).toMatch(/got 0, need at least 2/);
    expect(await problemWith('queue', 'sys1.lab')).toMatch(/got 1, need at least 2/);
  });

  it('runs the role that is named, with its flags over the file', async () => {
    await run('check-config', '--config', dir.file('lab.conf'), '--concurrency', '7');
    expect(exitCodes).toEqual([0]);
    expect(printed[0]).toMatch(/^CONCURRENCY +7 +--concurrency$/m);
    expect(printed[0]).toMatch(/^HUB_URL +http:\/\/127\.0\.0\.1:1 +.*lab\.conf:1$/m);
    expect(printed[0]).not.toContain('s3cret-pass');
  });

  it('names a configuration file that is not there', async () => {
    expect(await problemWith('check-config', '--config', dir.file('missing.conf'))).toContain('missing.conf');
  });
});

/** A terminal that keeps what is written. */
function recordingScreen(written: string[]): OutputStream {
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      written.push(String(chunk));
      done();
    },
  });
  return Object.assign(stream, { isTTY: false, columns: 100, rows: 30, hasColors: () => false });
}
