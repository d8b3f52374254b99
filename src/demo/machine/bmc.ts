import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { wait } from '../../wait.ts';

/** A simulated BMC in a process of its own, speaking IPMI on port 623 of a loopback address of its own. */
export interface Bmc {
  readonly address: string;
  readonly user: string;
  readonly password: string;
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

export interface BmcOptions {
  /** A directory for what it writes. */
  readonly dir: string;
  readonly password: string;
  /** The command that switches its chassis, as the file of `ipmi_sim` has it: a program with arguments. */
  readonly chassis: string;
}

const PATIENCE_MS = 10_000;

/** Starts `ipmi_sim` (Debian: openipmi) and waits until it answers `ipmitool`. Needs root for port 623. */
export async function startBmc({ dir, password, chassis }: BmcOptions): Promise<Bmc> {
  const address = someAddress();
  writeFileSync(join(dir, 'lan.conf'), lanConf({ address, password, chassis }));
  writeFileSync(join(dir, 'emu'), EMULATION);
  const process = spawn('ipmi_sim', ['-c', 'lan.conf', '-f', 'emu', '-s', dir, '-n'], {
    cwd: dir,
    stdio: 'ignore',
  });
  const failure = new Promise<string>((resolve) => process.once('error', ({ message }) => resolve(message)));
  const stop = (): Promise<void> => end(process);
  const deadline = performance.now() + PATIENCE_MS;
  const isUp = async (): Promise<boolean> => {
    while (!(await answers(address, password))) {
      if (performance.now() > deadline) return false;
      await wait(50);
    }
    return true;
  };
  const problem = await Promise.race([failure, isUp().then((is) => (is ? undefined : 'it does not answer'))]);
  if (problem === undefined) return { address, user: 'admin', password, pid: process.pid ?? 0, stop };
  await stop();
  throw new Error(`expected a simulated BMC at ${address}, found none: ${problem}`);
}

/** Any of 127.0.0.0/8 can be bound without setting it up; a random one meets nobody else's. */
function someAddress(): string {
  const byte = (): number => 1 + Math.floor(Math.random() * 253);
  return `127.${byte()}.${byte()}.${byte()}`;
}

async function answers(address: string, password: string): Promise<boolean> {
  const access = ['-I', 'lanplus', '-C', '3', '-N', '1', '-R', '1', '-H', address, '-U', 'admin', '-E'];
  const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', IPMITOOL_PASSWORD: password };
  return promisify(execFile)('ipmitool', [...access, 'mc', 'guid'], { env }).then(
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

const EMULATION = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;

function lanConf({
  address,
  password,
  chassis,
}: Pick<BmcOptions, 'password' | 'chassis'> & { address: string }): string {
  const levels = ['callback', 'user', 'operator', 'admin'];
  return `name "bmc"
set_working_mc 0x20
  startlan 1
    addr ${address} 623
    priv_limit admin
${levels.map((level) => `    allowed_auths_${level} none md2 md5 straight`).join('\n')}
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${chassis}"
  user 1 true "" "test" user 10 none md2 md5 straight
  user 2 true "admin" "${password}" admin 10 none md2 md5 straight
`;
}
