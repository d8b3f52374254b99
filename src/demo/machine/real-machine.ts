import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from '../broker/find-program.ts';
import { startBmc } from './bmc.ts';
import { testSystem } from './test-system.ts';
import { chassisScript } from './virtual-machine.ts';

/** A machine with a BMC, emulated, that boots from the network. */
export interface RealMachine {
  /** How the power script `ipmitool` reaches its BMC. */
  readonly power: Readonly<Record<string, string>>;
  readonly images: { readonly kernel: string; readonly initrd: string };
  /** What it has said on its serial console so far. */
  readonly console: () => string;
  readonly stop: () => Promise<void>;
}

const PROGRAMS = ['ipmi_sim', 'ipmitool', 'qemu-system-x86_64', 'cpio', 'apt-get'];
const PXELINUX = '/usr/lib/PXELINUX/pxelinux.0';

/** What keeps this host from emulating a machine, and what would help; undefined when nothing does. */
export function whyNoMachine(path: string | undefined): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may be a BMC, at port 623';
  const folders = (path ?? '').split(':').filter((folder) => folder !== '');
  const missing = PROGRAMS.filter((name) => findProgram(name, folders) === undefined);
  if (missing.length === 0 && existsSync(PXELINUX)) return undefined;
  return 'apt-get install openipmi ipmitool qemu-system-x86 ipxe-qemu pxelinux syslinux-common cpio';
}

/** Makes what it boots, and its BMC; it is off. `dir` is the show's, with TFTP root and console logs. */
export async function realMachine(address: string, dir: string): Promise<RealMachine> {
  const images = await testSystem(join(tmpdir(), `beaker-provision-${process.getuid?.() ?? 'user'}`));
  const own = join(dir, 'machine');
  mkdirSync(own);
  const console = join(dir, 'consoles', address);
  const chassis = join(own, 'chassis');
  const machine = {
    address,
    tftpRoot: join(dir, 'tftp'),
    bootFile: '/pxelinux.0',
    firmware: 'bios',
    console,
  } as const;
  writeFileSync(chassis, chassisScript(chassis, machine), { mode: 0o755 });
  const bmc = await startBmc({ dir: own, password: 's3cret', chassis });
  return {
    power: { type: 'ipmitool', address: bmc.address, user: bmc.user, passwd: bmc.password, id: '-C 3' },
    images,
    console: () => (existsSync(console) ? readFileSync(console, 'latin1') : ''),
    stop: async () => {
      await promisify(execFile)(chassis, ['set', 'power', '0']);
      await bmc.stop();
    },
  };
}
