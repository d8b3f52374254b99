import { describe, expect, it } from '@jest/globals';
import { renderConfig } from '../../../src/config/render-config.ts';
import { namedSettings } from '../../../src/config/settings.ts';
import { loadTestConfig } from '../../helpers/load-test-config.ts';

const ENV = {
  BEAKER_PASSWORD: 'hunter2',
  BEAKER_AMQP_URL: 'amqp://lab1:hunter2@mq1:5672/beaker,amqp://mq2/v@host',
  BEAKER_SERVER_ACCOUNTS: "{'host/lab1': 'hunter2', 'host/lab2': 'hunter2'}",
  BEAKER_SERVER_LISTEN: '[::1]:8000',
};

describe('the configuration as a table', () => {
  it('has a line for every setting, with its value and its origin', () => {
    const lines = renderConfig(loadTestConfig({ flags: { concurrency: '7' } })).split('\n');
    expect(lines[0]).toMatch(/^KEY +VALUE +FROM$/);
    expect(lines.slice(1).map((line) => line.split(' ')[0])).toEqual(
      namedSettings().map(([, { key }]) => key),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^CONCURRENCY +7 +--concurrency$/));
    expect(lines).toContainEqual(expect.stringMatching(/^HUB_URL +– +default$/));
  });

  it('shows of secrets that they are set, and of URLs all but the password', () => {
    const table = renderConfig(loadTestConfig({ env: ENV }));
    expect(table).not.toContain('hunter2');
    expect(table).toMatch(/^PASSWORD +\[redacted\] +BEAKER_PASSWORD$/m);
    expect(table).toContain('amqp://lab1:[redacted]@mq1:5672/beaker, amqp://mq2/v@host');
    expect(table).toContain('host/lab1: [redacted], host/lab2: [redacted]');
    expect(table).toMatch(/^SERVER_LISTEN +\[::1\]:8000 /m);
  });
});
