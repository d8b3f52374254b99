import { describe, expect, it } from '@jest/globals';
import type { Role } from '../../../src/config/config.ts';
import { requireFor } from '../../../src/config/require-for.ts';
import { configProblems } from '../../helpers/config-problems.ts';
import { loadTestConfig } from '../../helpers/load-test-config.ts';

describe('what a role cannot do without', () => {
  it('is said all at once, with the reason and the places where to set it', () => {
    expect(missingFor('worker', {})).toEqual([
      'HUB_URL: expected the Beaker server to work for, found nothing; set HUB_URL in the configuration file, or BEAKER_HUB_URL in the environment, or --hub-url',
      'USERNAME: expected an account, because AUTH_METHOD is password, found nothing; set USERNAME in the configuration file, or BEAKER_USERNAME in the environment, or --username',
      'PASSWORD: expected the password of the account, because AUTH_METHOD is password, found nothing; set PASSWORD in the configuration file, or BEAKER_PASSWORD in the environment, or the name of a file with it as PASSWORD_FILE or BEAKER_PASSWORD_FILE',
    ]);
  });

  it.each<[Role, NodeJS.ProcessEnv, readonly string[]]>([
    ['worker', { BEAKER_HUB_URL: 'http://hub', BEAKER_USERNAME: 'host/lab1', BEAKER_PASSWORD: 'pw' }, []],
    ['worker', { BEAKER_HUB_URL: 'http://hub', BEAKER_USERNAME: 'host/lab1' }, ['PASSWORD']],
    ['worker', { BEAKER_HUB_URL: 'http://hub', BEAKER_AUTH_METHOD: 'oauth2' }, ['ACCESS_TOKEN']],
    ['worker', { BEAKER_AUTH_METHOD: 'oauth2', BEAKER_ACCESS_TOKEN: 't' }, ['HUB_URL']],
    ['worker', { BEAKER_HUB_URL: 'http://hub', BEAKER_AUTH_METHOD: 'krbv' }, []],
    ['worker', { BEAKER_HUB_URL: 'http://hub', BEAKER_AUTH_METHOD: 'none' }, []],
    ['server', {}, ['SERVER_ACCOUNTS']],
    ['server', { BEAKER_USERNAME: 'host/lab1', BEAKER_PASSWORD: 'pw' }, []],
    ['server', { BEAKER_SERVER_ACCOUNTS: "{'host/lab1': 'pw'}" }, []],
    ['queue', {}, []],
  ])('for the %s with %j is %j', (role, env, keys) => {
    expect(missingFor(role, env).map((problem) => problem.split(':')[0])).toEqual(keys);
  });
});

function missingFor(role: Role, env: NodeJS.ProcessEnv): readonly string[] {
  return configProblems(() => requireFor(role, loadTestConfig({ env }).config));
}
