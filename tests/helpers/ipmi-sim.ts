import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitUntil } from './wait-until.ts';

export type PowerState = 'on' | 'off';

/** A call of the BMC to its chassis, such as `get power` or `set power 1`. */
export interface ChassisCall {
  readonly atMs: number;
  readonly what: string;
}

/** A BMC in a process of its own, speaking IPMI on port 623 of a loopback address of its own. */
export interface IpmiSim {
  readonly address: string;
  readonly user: string;
  readonly password: string;
  readonly pid: number;
  state(): Promise<PowerState>;
  /** Every call to the chassis since the start. */
  calls(): Promise<readonly ChassisCall[]>;
  /** What would change the chassis. */
  changes(): Promise<readonly string[]>;
  readonly stop: () => Promise<void>;
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
  const address = freeAddress();
  await writeFile(join(dir, 'power'), state);
  await writeFile(join(dir, 'calls'), '');
  await writeFile(join(dir, 'chassis'), HOOK, { mode: 0o755 });
  await writeFile(
    join(dir, 'lan.conf'),
    lanConf({ address, password, hook: `${dir}/chassis ${dir} ${chassis}` }),
  );
  await writeFile(join(dir, 'emu'), EMULATION);
  const bmc = spawn('ipmi_sim', ['-c', 'lan.conf', '-f', 'emu', '-s', dir, '-n'], {
    cwd: dir,
    stdio: 'ignore',
  });
  const stop = async (): Promise<void> => {
    await end(bmc);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await waitUntil(() => answers(address, password), { what: `a BMC at ${address}` });
  } catch (error) {
    await stop();
    throw error;
  }
  const calls = async (): Promise<readonly ChassisCall[]> =>
    parseCalls(await readFile(join(dir, 'calls'), 'utf8'));
  return {
    address,
    user: 'admin',
    password,
    pid: bmc.pid ?? 0,
    state: async () => ((await readFile(join(dir, 'power'), 'utf8')).trim() === 'on' ? 'on' : 'off'),
    calls,
    changes: async () => (await calls()).map(({ what }) => what).filter((what) => what.startsWith('set ')),
    stop,
  };
}

/** Any of 127.0.0.0/8 can be bound without setting it up; a random one meets no other test's. */
function freeAddress(): string {
  const byte = (): number => 1 + Math.floor(Math.random() * 253);
  return `127.${byte()}.${byte()}.${byte()}`;
}

async function answers(address: string, password: string): Promise<boolean> {
  const args = [
    '-I',
    'lanplus',
    '-C',
    '3',
    '-N',
    '1',
    '-R',
    '1',
    '-H',
    address,
    '-U',
    'admin',
    '-E',
    'mc',
    'guid',
  ];
  const env = { ...process.env, IPMITOOL_PASSWORD: password };
  return promisify(execFile)('ipmitool', args, { env }).then(
    () => true,
    () => false,
  );
}

async function end(bmc: ChildProcess): Promise<void> {
  if (bmc.pid === undefined || bmc.exitCode !== null || bmc.signalCode !== null) return;
  const exited = once(bmc, 'exit');
  bmc.kill('SIGKILL');
  await exited;
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

const EMULATION = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;

const lanConf = ({ address, password, hook }: { address: string; password: string; hook: string }): string =>
  `name "bmc"
set_working_mc 0x20
  startlan 1
    addr ${address} 623
    priv_limit admin
${['callback', 'user', 'operator', 'admin'].map((level) => `    allowed_auths_${level} none md2 md5 straight`).join('\n')}
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${hook}"
  user 1 true "" "test" user 10 none md2 md5 straight
  user 2 true "admin" "${password}" admin 10 none md2 md5 straight
`;

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
