import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bmc, startBmc } from '../../src/demo/machine/bmc.ts';

export type PowerState = 'on' | 'off';

/** A call of the BMC to its chassis, such as `get power` or `set power 1`. */
export interface ChassisCall {
  readonly atMs: number;
  readonly what: string;
}

/** A simulated BMC whose chassis remembers what was asked of it. */
export interface IpmiSim extends Bmc {
  state(): Promise<PowerState>;
  /** Every call to the chassis since the start. */
  calls(): Promise<readonly ChassisCall[]>;
  /** What would change the chassis. */
  changes(): Promise<readonly string[]>;
}

export interface IpmiSimOptions {
  readonly state?: PowerState;
  /** `stuck` accepts every order and carries none out. `slow` takes 2 s to carry one out. */
  readonly chassis?: 'obedient' | 'stuck' | 'slow';
  readonly password?: string;
}

/** Starts `ipmi_sim` (Debian: openipmi) and waits until it answers. Needs root for port 623. */
export async function startIpmiSim({
  state = 'off',
  chassis = 'obedient',
  password = 's3cret',
}: IpmiSimOptions = {}): Promise<IpmiSim> {
  const dir = await mkdtemp(join(tmpdir(), 'ipmi-sim-'));
  await writeFile(join(dir, 'power'), state);
  await writeFile(join(dir, 'calls'), '');
  await writeFile(join(dir, 'chassis'), HOOK, { mode: 0o755 });
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true });
  const bmc = await startBmc({ dir, password, chassis: `${dir}/chassis ${dir} ${chassis}` }).catch(
    async (error: unknown) => {
      await remove();
      throw error;
    },
  );
  const calls = async (): Promise<readonly ChassisCall[]> =>
    parseCalls(await readFile(join(dir, 'calls'), 'utf8'));
  return {
    ...bmc,
    state: async () => ((await readFile(join(dir, 'power'), 'utf8')).trim() === 'on' ? 'on' : 'off'),
    calls,
    changes: async () => (await calls()).map(({ what }) => what).filter((what) => what.startsWith('set ')),
    stop: async () => {
      await bmc.stop();
      await remove();
    },
  };
}

function parseCalls(log: string): ChassisCall[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [at = '', ...what] = line.split(' ');
      return { atMs: Number(at) * 1000, what: what.join(' ') };
    });
}

/** Called with the directory, the manner, and then what the BMC wants: `get NAME…` or `set NAME VALUE`. */
const HOOK = `#!/bin/sh
dir=$1 manner=$2
shift 2
echo "$(date +%s.%N) $*" >>"$dir/calls"
obey() {
    [ "$manner" != stuck ] || return 0
    [ "$manner" != slow ] || sleep 2
    echo "$1" >"$dir/power"
}
case "$1 $2 $3" in
    'set power 1') obey on ;;
    'set power 0' | 'set shutdown 1') obey off ;;
    get*)
        shift
        for name; do
            value=0
            [ "$name" = power ] && grep -q on "$dir/power" && value=1
            echo "$name:$value"
        done
        ;;
esac
exit 0
`;
