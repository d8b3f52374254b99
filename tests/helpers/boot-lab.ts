import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bmc, startBmc } from '../../src/demo/machine/bmc.ts';
import { testSystem } from '../../src/demo/machine/test-system.ts';
import { chassisScript, type VirtualMachine } from '../../src/demo/machine/virtual-machine.ts';
import { type ImageServer, startImageServer } from './image-server.ts';
import { tempDir } from './temp-dir.ts';

/** Machines that boot from a TFTP root, each with a BMC of its own, and a web server with what they are to boot. */
export interface BootLab {
  readonly tftpRoot: string;
  readonly consoles: string;
  readonly images: ImageServer;
  readonly kernelUrl: string;
  readonly initrdUrl: string;
  /** Sets a machine up, switched off. Its address is its name. */
  addMachine(machine: Pick<VirtualMachine, 'address' | 'bootFile' | 'firmware'>): Promise<BootMachine>;
  close(): Promise<void>;
}

export interface BootMachine {
  readonly fqdn: string;
  /** How the power script `ipmitool` reaches its BMC. */
  readonly power: {
    readonly type: string;
    readonly address: string;
    readonly user: string;
    readonly passwd: string;
    readonly id: string;
  };
  /** What is in its console log. */
  console(): string;
}

export async function openBootLab(): Promise<BootLab> {
  const dir = tempDir();
  const [tftpRoot, consoles] = [dir.file('tftp'), dir.file('consoles')];
  for (const path of [tftpRoot, consoles]) mkdirSync(path);
  const [system, images] = await Promise.all([
    testSystem(join(tmpdir(), `beaker-provision-${process.getuid?.() ?? 'user'}`)),
    startImageServer(),
  ]);
  for (const [path, file] of [
    ['/vmlinuz', system.kernel],
    ['/initrd', system.initrd],
  ] as const) {
    const content = readFileSync(file);
    images.answers.set(path, (_request, response) => {
      response.writeHead(200, { 'content-length': content.length, etag: '"1"' }).end(content);
    });
  }
  const bmcs: Bmc[] = [];
  return {
    tftpRoot,
    consoles,
    images,
    kernelUrl: `${images.url}/vmlinuz`,
    initrdUrl: `${images.url}/initrd`,
    addMachine: async ({ address, bootFile, firmware }) => {
      const own = dir.file(address);
      mkdirSync(own);
      const log = join(consoles, address);
      const chassis = join(own, 'chassis');
      writeFileSync(
        chassis,
        chassisScript(chassis, { address, tftpRoot, bootFile, firmware, console: log }),
        { mode: 0o755 },
      );
      const bmc = await startBmc({ dir: own, password: 's3cret', chassis });
      bmcs.push({ ...bmc, stop: () => switchOff(chassis).finally(bmc.stop) });
      return {
        fqdn: address,
        power: { type: 'ipmitool', address: bmc.address, user: bmc.user, passwd: bmc.password, id: '-C 3' },
        console: () => readFileSync(log, 'latin1'),
      };
    },
    close: async () => {
      await Promise.all(bmcs.map((bmc) => bmc.stop()));
      await images.close();
      dir.remove();
    },
  };
}

async function switchOff(chassis: string): Promise<void> {
  execFileSync(chassis, ['set', 'power', '0'], { stdio: 'ignore' });
}

/** Builds GRUB for UEFI from the host's modules, as an admin would, to be fetched from `EFI/BOOT/grubx64.efi`. */
export function installGrub(tftpRoot: string): void {
  mkdirSync(join(tftpRoot, 'EFI/BOOT'), { recursive: true });
  const modules = [
    'efinet',
    'tftp',
    'net',
    'normal',
    'linux',
    'configfile',
    'boot',
    'echo',
    'test',
    'minicmd',
    'gzio',
  ];
  const image = join(tftpRoot, 'EFI/BOOT/grubx64.efi');
  execFileSync('grub-mkimage', ['-O', 'x86_64-efi', '-p', '/EFI/BOOT', '-o', image, ...modules]);
}
