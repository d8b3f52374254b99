import { describe, expect, it } from '@jest/globals';
import { configFlags } from '../../../src/config/config-flags.ts';
import { namedSettings } from '../../../src/config/settings.ts';
import { loadTestConfig } from '../../helpers/load-test-config.ts';

describe('the flags of the configuration', () => {
  it('are described in full', () => {
    expect(configFlags('worker')).toContainEqual({
      flag: 'amqp-queue-type',
      description: 'Type of the queues that are declared.',
      type: 'string',
      defaultDescription: 'quorum',
      choices: ['quorum', 'classic'],
      group: 'Message broker',
    });
  });

  it('leave out every secret', () => {
    const flags = configFlags().map(({ flag }) => flag);
    const secrets = namedSettings().filter(([, { kind }]) => kind.isSecret);
    expect(secrets.map(([name]) => name)).toEqual([
      'password',
      'accessToken',
      'amqpUrls',
      'relayLabs',
      'serverAccounts',
    ]);
    for (const [, { key }] of secrets) expect(flags).not.toContain(key.toLowerCase().replaceAll('_', '-'));
  });

  it('are those that the role reads', () => {
    const flags = (role: 'worker' | 'server' | 'queue'): string[] =>
      configFlags(role).map(({ flag }) => flag);
    expect(flags('queue').sort()).toEqual(['lab', 'log-format', 'log-level', 'server-url', 'username']);
    expect(flags('server')).not.toContain('hub-url');
    expect(flags('worker')).not.toContain('server-listen');
  });

  it('are all understood by the loader', () => {
    for (const { flag } of configFlags()) {
      const load = (): unknown => loadTestConfig({ flags: { [flag]: '\0' } });
      expect(load).toThrow(`(--${flag}): expected `);
    }
  });

  it('need no value for settings that are true or false', () => {
    const booleans = configFlags().filter(({ type }) => type === undefined);
    expect(booleans.map(({ flag }) => flag)).toEqual(['ssl-verify', 'fallback-primary']);
    expect(loadTestConfig({ flags: { 'ssl-verify': false } }).config.sslVerify).toBe(false);
  });
});
