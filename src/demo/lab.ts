/** A machine of the demo's lab. */
export interface Machine {
  readonly fqdn: string;
  /** What switches its power; of all machines with the same one, one is switched at a time. */
  readonly powerAddress: string;
  readonly powerType: 'dummy' | typeof STUCK_OUTLET;
  /** How long switching takes, in seconds. */
  readonly switchS: number;
  /** How long it must rest between two power commands, in seconds. */
  readonly restS: number;
}

/** The demo's own power type: see `STUCK_OUTLET_SCRIPT`. */
export const STUCK_OUTLET = 'stuck-outlet';

/** Power script of an outlet that can be switched on, and never off again. */
export const STUCK_OUTLET_SCRIPT = `#!/bin/sh
sleep "$power_id"
[ "$power_mode" = on ] && exit
echo "$power_address: relay stuck, still on" >&2
exit 1
`;

/** A dozen machines: two racks behind a PDU each, a chassis with two blades, and three with a BMC of their own. */
export const MACHINES: readonly Machine[] = [
  ...['a1', 'a2', 'a3', 'a4'].map((name) => machine(name, 'pdu-a', 0.3)),
  ...['b1', 'b2', 'b3'].map((name) => machine(name, 'pdu-b', 0.5)),
  machine('c1', 'chassis-c', 0.4),
  machine('c2', 'chassis-c', 0.4, { powerType: STUCK_OUTLET }),
  machine('d1', 'bmc-d1', 0.2),
  machine('d2', 'bmc-d2', 1.5),
  machine('d3', 'bmc-d3', 0.3, { restS: 2 }),
];

/** The lanes of a machine's commands: itself, and what switches its power. */
export function lanesOf({ fqdn, powerAddress }: Machine): readonly string[] {
  return [fqdn, powerAddress];
}

/** The machine of that name; every name in the demo is one of `MACHINES`. */
export function machineNamed(fqdn: string): Machine {
  const found = MACHINES.find((one) => one.fqdn === fqdn);
  if (found === undefined) throw new Error(`expected a machine of the demo's lab, found "${fqdn}"`);
  return found;
}

/** The machine that is installed after the morning. Its name is its address: the demo has no name service. */
export const INSTALLED = '192.168.77.15';

/** The machines as the server reads them from its systems file. */
export function systemsFile(): string {
  const systems = MACHINES.map(({ fqdn, powerAddress, powerType, switchS, restS }) => ({
    fqdn,
    quiescent_period: restS,
    power: { type: powerType, address: powerAddress, id: String(switchS) },
  }));
  return JSON.stringify([...systems, { fqdn: INSTALLED, power: { type: 'dummy', id: '0.2' } }]);
}

function machine(
  name: string,
  powerAddress: string,
  switchS: number,
  { powerType = 'dummy', restS = 0 }: Partial<Machine> = {},
): Machine {
  return { fqdn: `${name}.demo`, powerAddress, powerType, switchS, restS };
}
