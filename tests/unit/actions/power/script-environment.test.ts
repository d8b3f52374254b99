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

const settings = { powerEnvironment: [], ipmi15: 'never' } as const;

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

    expect(scriptEnvironment('off', POWER, { environment, marker: 'lab/7', settings })).toEqual({
      PATH: '/bin',
      HOME: '/root',
      LANG: 'C.UTF-8',
      power_address: '192.0.2.1',
      power_id: '-C 3',
      power_user: 'admin',
      power_pass: 'hunter2',
      power_mode: 'off',
      BEAKER_PROVISION_IPMI_1_5: 'never',
      BEAKER_PROVISION_RUN: 'lab/7',
    });
  });

  it('holds besides what the lab allows, by name or by how names begin', () => {
    const environment = {
      http_proxy: 'http://proxy',
      https_proxy: 'http://proxy',
      LIBVIRT_DEFAULT_URI: 'qemu:///system',
      LIBVIRT_DEBUG: '1',
      LIBVIRT: 'no',
      KRB5CCNAME: undefined,
    };
    const powerEnvironment = ['http_proxy', 'LIBVIRT_*', 'KRB5CCNAME'];

    const given = scriptEnvironment('on', POWER, {
      environment,
      marker: '',
      settings: { ...settings, powerEnvironment },
    });

    expect(given).toMatchObject({
      http_proxy: 'http://proxy',
      LIBVIRT_DEFAULT_URI: 'qemu:///system',
      LIBVIRT_DEBUG: '1',
    });
    for (const name of ['https_proxy', 'LIBVIRT', 'KRB5CCNAME']) expect(given).not.toHaveProperty(name);
  });

  it('says what the lab has chosen about IPMI 1.5', () => {
    const surroundings = {
      environment: {},
      marker: '',
      settings: { ...settings, ipmi15: 'fallback' },
    } as const;

    expect(scriptEnvironment('on', POWER, surroundings)).toMatchObject({
      BEAKER_PROVISION_IPMI_1_5: 'fallback',
    });
  });

  it('brings a path when the daemon has none', () => {
    const { PATH } = scriptEnvironment('on', POWER, { environment: {}, marker: '', settings });

    expect(PATH).toContain('/usr/sbin:');
  });

  it('refuses a value that would be cut short', () => {
    const power = { ...POWER, password: new Secret('a\0b') };
    const attempt = (): unknown => scriptEnvironment('on', power, { environment: {}, marker: '', settings });

    expect(attempt).toThrow(CommandFailedError);
    expect(attempt).toThrow(/^power_pass holds a NUL character/);
  });
});
