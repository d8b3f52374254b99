import { describe, expect, it } from '@jest/globals';
import { configSecrets } from '../../../src/config/config-secrets.ts';
import { loadTestConfig } from '../../helpers/load-test-config.ts';

describe('the secrets of a configuration', () => {
  it('are all that must be masked, in every form in which they may turn up', () => {
    const { config } = loadTestConfig({
      env: {
        BEAKER_PASSWORD: 'pw',
        BEAKER_ACCESS_TOKEN: 'token',
        BEAKER_AMQP_URL: 'amqp://u:a%40b@mq1,amqp://mq2,amqp://u:100%@mq3',
        BEAKER_SERVER_ACCOUNTS: "{'lab1': 'lab-pw'}",
      },
    });
    const values = configSecrets(config).map((secret) => secret.reveal());
    expect(new Set(values)).toEqual(new Set(['a%40b', 'a@b', '100%', 'pw', 'token', 'lab-pw']));
  });

  it('are masked in a URL of which the password is a part', () => {
    const { config } = loadTestConfig({ env: { BEAKER_AMQP_URL: 'amqp://lab1:hunter2@mq1' } });
    const mask = (text: string): string =>
      configSecrets(config).reduce((masked, secret) => secret.mask(masked), text);
    expect(mask('connecting to amqp://lab1:hunter2@mq1, as hunter2')).toBe(
      'connecting to amqp://lab1:********@mq1, as ********',
    );
  });
});
