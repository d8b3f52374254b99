import { Secret } from '../../src/secret.ts';
import type { System } from '../../src/server/system.ts';

/** A system of a lab as the small hub knows it; its password is `hunter2-FQDN`. */
export function labSystem(fqdn: string, lab = 'lab.example.com'): System {
  return {
    fqdn,
    lab,
    quiescentPeriodS: 5,
    power: {
      type: 'ipmitool',
      address: `bmc-${fqdn}`,
      id: '',
      user: 'admin',
      password: new Secret(`hunter2-${fqdn}`),
    },
  };
}
