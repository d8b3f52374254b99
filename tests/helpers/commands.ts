import type { Action, Command } from '../../src/command.ts';
import { Secret } from '../../src/secret.ts';

/** A power command with everything that a test does not care about filled in. */
export function powerCommand(
  overrides: {
    id?: number;
    action?: Action;
    fqdn?: string;
    delayS?: number;
    quiescentPeriodS?: number;
    type?: string;
    address?: string;
    powerId?: string;
    password?: string;
  } = {},
): Command {
  return {
    id: overrides.id ?? 1,
    action: overrides.action ?? 'on',
    fqdn: overrides.fqdn ?? 'sys1.lab.test',
    delayS: overrides.delayS ?? 0,
    quiescentPeriodS: overrides.quiescentPeriodS ?? 0,
    power: {
      type: overrides.type ?? 'dummy',
      address: overrides.address ?? '',
      id: overrides.powerId ?? '',
      user: '',
      password: new Secret(overrides.password ?? ''),
    },
    netboot: undefined,
  };
}
