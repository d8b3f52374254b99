import { describe, expect, it } from '@jest/globals';
import { scriptEnvironment } from '../../../../src/actions/power/script-environment.ts';
import type { PowerSettings } from '../../../../src/command.ts';
import { CommandFailedError } from '../../../../src/errors.ts';
import { Secret } from '../../../../src/secret.ts';

const POWER: PowerSettings = {
  type: 'ipmitool',
  address: '192.0.2.1',
  id: '-C 3',
  user: 'admin',
  password: new Secret('hunter2'),
};

describe('scriptEnvironment', () => {
  it("holds the power settings, the marker, and no more of the daemon's than is allowed", () => {
    const environment = {
      PATH: '/bin',
      HOME: '/root',
      LANG: 'C.UTF-8',
      LC_ALL: undefined,
      BEAKER_PASSWORD: 'hub secret',
      AMQP_URL: 'amqp://guest:guest@localhost',
      LD_PRELOAD: '/x.so',
      power_mode: 'explode',
    };

    expect(scriptEnvironment('off', POWER, { environment, marker: 'lab/7' })).toEqual({
      PATH: '/bin',
      HOME: '/root',
      LANG: 'C.UTF-8',
      power_address: '192.0.2.1',
      power_id: '-C 3',
      power_user: 'admin',
      power_pass: 'hunter2',
      power_mode: 'off',
      BEAKER_PROVISION_RUN: 'lab/7',
    });
  });

  it('brings a path when the daemon has none', () => {
    expect(scriptEnvironment('on', POWER, { environment: {}, marker: '' })['PATH']).toContain('/usr/sbin:');
  });

  it('refuses a value that would be cut short', () => {
    const power = { ...POWER, password: new Secret('a\0b') };
    const attempt = (): unknown => scriptEnvironment('on', power, { environment: {}, marker: '' });

    expect(attempt).toThrow(CommandFailedError);
    expect(attempt).toThrow(/^power_pass holds a NUL character/);
  });
});
