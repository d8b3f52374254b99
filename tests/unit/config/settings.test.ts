import { describe, expect, it } from '@jest/globals';
import { namedSettings } from '../../../src/config/settings.ts';
import { configProblems } from '../../helpers/config-problems.ts';
import { loadTestConfig } from '../../helpers/load-test-config.ts';

describe('the table of settings', () => {
  it('has no key twice, and no key that is taken for the file of another', () => {
    const keys = namedSettings().flatMap(([, { key }]) => [key, `${key}_FILE`]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('describes each setting in a sentence', () => {
    for (const [, { description }] of namedSettings()) expect(description).toMatch(/^[A-Z].*[^.]\.$/);
  });

  it('has the defaults that labs rely on', () => {
    const { config } = loadTestConfig();
    expect(config).toMatchObject({
      authMethod: 'password',
      krbService: 'HTTP',
      sslVerify: true,
      sleepTimeS: 20,
      powerAttempts: 5,
      powerTimeoutS: 300,
      tftpRoot: '/var/lib/tftpboot',
      consoleLogs: '/var/consoles',
      imageFetchTimeoutS: 120,
      zpxeUseFtp: true,
      amqpUrls: [],
      amqpTopology: 'declare',
      amqpQueueType: 'quorum',
      amqpPrefetch: 100,
      amqpHeartbeatS: 10,
      amqpFallbackDelayS: 5,
      fallbackPrimary: true,
      relayIntervalS: 1,
      reconcileIntervalS: 300,
      concurrency: 50,
      powerScriptsDir: '/etc/beaker/power-scripts',
      powerEnvironment: [],
      processStarter: 'auto',
      ipmi15: 'never',
      stateDir: '/var/lib/beaker-provision',
      logLevel: 'info',
      serverListen: { host: '127.0.0.1', port: 8000 },
      serverUrl: 'http://127.0.0.1:8000',
    });
    expect(config).not.toHaveProperty('hubUrl');
    expect(config).not.toHaveProperty('httpListen');
  });

  it.each([
    [
      { BEAKER_URL_DOMAIN: 'domain.example.com', BEAKER_USERNAME: 'host/user.example.com' },
      'domain.example.com',
    ],
    [{ BEAKER_USERNAME: 'host/user.example.com' }, 'user.example.com'],
    [{ BEAKER_USERNAME: 'host/user.example.com@REALM' }, 'user.example.com'],
    [{ BEAKER_USERNAME: 'admin' }, 'myhost.example.com'],
    [{}, 'myhost.example.com'],
    [{ BEAKER_LAB: 'lab1', BEAKER_URL_DOMAIN: 'domain.example.com' }, 'lab1'],
  ])('names the lab after what is known: %j', (env, lab) => {
    expect(loadTestConfig({ env }).config.lab).toBe(lab);
  });

  it('logs text on a terminal and JSON elsewhere, unless told', () => {
    expect(loadTestConfig({ isTerminal: true }).config.logFormat).toBe('text');
    expect(loadTestConfig({ isTerminal: false }).config.logFormat).toBe('json');
    expect(loadTestConfig({ isTerminal: true, flags: { 'log-format': 'json' } }).config.logFormat).toBe(
      'json',
    );
  });

  it.each([
    ['0.0.0.0:81', 'http://127.0.0.1:81'],
    ['[::]:81', 'http://[::1]:81'],
    ['[fe80::1]:81', 'http://[fe80::1]:81'],
    ['hub.example.com:81', 'http://hub.example.com:81'],
  ])('finds the server that listens on %s at %s', (listen, url) => {
    expect(loadTestConfig({ env: { BEAKER_SERVER_LISTEN: listen } }).config.serverUrl).toBe(url);
  });

  it('lets the one account of USERNAME and PASSWORD log in to the server, unless accounts are given', () => {
    const own = { BEAKER_USERNAME: 'host/lab1', BEAKER_PASSWORD: 'pw' };
    expect(accountsOf(own)).toEqual([['host/lab1', 'pw']]);
    expect(accountsOf({ ...own, BEAKER_SERVER_ACCOUNTS: "{'host/lab2': 'p2'}" })).toEqual([
      ['host/lab2', 'p2'],
    ]);
    expect(accountsOf({ BEAKER_USERNAME: 'host/lab1' })).toEqual([]);
  });
});

describe('the values of settings', () => {
  it.each<[string, unknown]>([
    ['BEAKER_SLEEP_TIME=0.5', { sleepTimeS: 0.5 }],
    ['BEAKER_SLEEP_TIME= 86400 ', { sleepTimeS: 86_400 }],
    ['BEAKER_SSL_VERIFY=False', { sslVerify: false }],
    ['BEAKER_SSL_VERIFY=no', { sslVerify: false }],
    ['BEAKER_SSL_VERIFY=0', { sslVerify: false }],
    ['BEAKER_SSL_VERIFY=yes', { sslVerify: true }],
    ['BEAKER_AUTH_METHOD=krbv', { authMethod: 'krbv' }],
    ['BEAKER_IPMI_1_5=fallback', { ipmi15: 'fallback' }],
    ['BEAKER_PROCESS_STARTER=node', { processStarter: 'node' }],
    [
      'BEAKER_POWER_ENVIRONMENT=http_proxy, LIBVIRT_*,KRB5CCNAME',
      { powerEnvironment: ['http_proxy', 'LIBVIRT_*', 'KRB5CCNAME'] },
    ],
    ['BEAKER_LAB=lab1.example.com.', { lab: 'lab1.example.com' }],
    ['BEAKER_HUB_URL=https://hub.example.com/bkr//', { hubUrl: 'https://hub.example.com/bkr' }],
    ['BEAKER_HTTP_LISTEN=0.0.0.0:0', { httpListen: { host: '0.0.0.0', port: 0 } }],
    ['BEAKER_HTTP_LISTEN=[::1]:65535', { httpListen: { host: '::1', port: 65_535 } }],
  ])('take %s', (assignment, expected) => {
    expect(loadTestConfig({ env: envOf(assignment) }).config).toMatchObject(expected as object);
  });

  it.each([
    'SLEEP_TIME=0',
    'SLEEP_TIME=-1',
    'SLEEP_TIME=86401',
    'SLEEP_TIME=1e3',
    'SLEEP_TIME=Infinity',
    'SLEEP_TIME=20s',
    'POWER_ATTEMPTS=2.5',
    'POWER_ATTEMPTS=21',
    'AMQP_PREFETCH=65536',
    'AMQP_HEARTBEAT=0',
    'CONCURRENCY=0',
    'IPMI_1_5=always',
    'POWER_ENVIRONMENT=*',
    'POWER_ENVIRONMENT=A*B',
    'POWER_ENVIRONMENT=A B',
    'POWER_ENVIRONMENT=A=1',
    'POWER_ENVIRONMENT=A,',
    'SSL_VERIFY=maybe',
    'AUTH_METHOD=Password',
    'HUB_URL=ftp://hub.example.com',
    'HUB_URL=https://hub.example.com/?x=1',
    'HUB_URL=https://user@hub.example.com/',
    'AMQP_URL=amqp://',
    'AMQP_URL=amqp://a,',
    'HTTP_LISTEN=8000',
    'HTTP_LISTEN=:8000',
    'HTTP_LISTEN=localhost:65536',
    'HTTP_LISTEN=::1:80',
    'HTTP_LISTEN=[localhost]:80',
    'HTTP_LISTEN=a b:80',
    'LAB=../lab',
    'LAB=lab 1',
    'USERNAME=two\nlines',
    'STATE_DIR=nul\0',
    'SERVER_ACCOUNTS=lab1:pw',
    "SERVER_ACCOUNTS=['lab1']",
    "SERVER_ACCOUNTS={'lab1': ''}",
    "SERVER_ACCOUNTS={1: 'pw'}",
  ])('refuse %j', (assignment) => {
    const problems = configProblems(() => loadTestConfig({ env: envOf(`BEAKER_${assignment}`) }));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`(BEAKER_${assignment.slice(0, assignment.indexOf('='))})`);
  });
});

describe('the variables that power scripts may inherit', () => {
  it.each([
    'NODE_OPTIONS',
    'NODE_*',
    'LD_PRELOAD',
    'LD_*',
    'BEAKER_PASSWORD',
    'power_pass',
    'L*',
    'NODE*',
    'p*',
  ])('are none that %s may stand for', (name) => {
    const env = { BEAKER_POWER_ENVIRONMENT: `http_proxy,${name},KRB5CCNAME` };
    const [problem, ...others] = configProblems(() => loadTestConfig({ env }));

    expect(others).toEqual([]);
    expect(problem).toMatch(
      /^POWER_ENVIRONMENT \(BEAKER_POWER_ENVIRONMENT\): expected names of environment variables/,
    );
    expect(problem).toMatch(/`NODE_\*`, `LD_\*`, `BEAKER_\*`, `power_\*`/);
    expect(problem?.endsWith(`, found "${name}"`)).toBe(true);
  });
});

function envOf(assignment: string): NodeJS.ProcessEnv {
  const at = assignment.indexOf('=');
  return { [assignment.slice(0, at)]: assignment.slice(at + 1) };
}

function accountsOf(env: NodeJS.ProcessEnv): [string, string][] {
  return [...loadTestConfig({ env }).config.serverAccounts].map(([user, password]) => [
    user,
    password.reveal(),
  ]);
}
