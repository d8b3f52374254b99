import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bmc, startBmc } from '../../src/demo/machine/bmc.ts';
import { type DebianArchitecture, extractPackage } from '../../src/demo/machine/debian-packages.ts';
import { testSystem } from '../../src/demo/machine/test-system.ts';
import { chassisScript, type VirtualMachine } from '../../src/demo/machine/virtual-machine.ts';
import { type ImageServer, startImageServer } from './image-server.ts';
import { tempDir } from './temp-dir.ts';

/** Machines that boot from a TFTP root, each with a BMC of its own, and a web server with what they are to boot. */
export interface BootLab {
  readonly tftpRoot: string;
  readonly consoles: string;
  readonly images: ImageServer;
  /** Where kernel and initrd for machines of this architecture are. */
  imagesOf(architecture: DebianArchitecture): { readonly kernel_url: string; readonly initrd_url: string };
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

const ARCHITECTURES = ['amd64', 'arm64'] as const;
const CACHE = join(tmpdir(), `beaker-provision-${process.getuid?.() ?? 'user'}`);

export async function openBootLab(): Promise<BootLab> {
  const dir = tempDir();
  const [tftpRoot, consoles] = [dir.file('tftp'), dir.file('consoles')];
  for (const path of [tftpRoot, consoles]) mkdirSync(path);
  const images = await startImageServer();
  await Promise.all(
    ARCHITECTURES.map(async (architecture) => {
      const { kernel, initrd } = await testSystem(CACHE, architecture);
      serveFile(images, `/${architecture}/vmlinuz`, kernel);
      serveFile(images, `/${architecture}/initrd`, initrd);
    }),
  );
  const bmcs: Bmc[] = [];
  return {
    tftpRoot,
    consoles,
    images,
    imagesOf: (architecture) => ({
      kernel_url: `${images.url}/${architecture}/vmlinuz`,
      initrd_url: `${images.url}/${architecture}/initrd`,
    }),
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

function serveFile(images: ImageServer, path: string, file: string): void {
  const content = readFileSync(file);
  images.answers.set(path, (_request, response) => {
    response.writeHead(200, { 'content-length': content.length, etag: '"1"' }).end(content);
  });
}

const GRUB_MODULES = [
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
  // Has GRUB expand wildcards.
  'regexp',
];

/** Builds GRUB for UEFI from the host's modules, as an admin would, to be fetched from `EFI/BOOT/grubx64.efi`. */
export function installGrub(tftpRoot: string): void {
  mkdirSync(join(tftpRoot, 'EFI/BOOT'), { recursive: true });
  const image = join(tftpRoot, 'EFI/BOOT/grubx64.efi');
  execFileSync('grub-mkimage', ['-O', 'x86_64-efi', '-p', '/EFI/BOOT', '-o', image, ...GRUB_MODULES]);
}

/** Builds GRUB for 64-bit ARM, from modules that are downloaded, to be fetched from `aarch64/bootaa64.efi`. */
export async function installGrubForArm(tftpRoot: string): Promise<void> {
  const work = tempDir();
  try {
    const root = await extractPackage('grub-efi-arm64-bin', { architecture: 'arm64', work: work.path });
    mkdirSync(join(tftpRoot, 'aarch64'), { recursive: true });
    const [modules, image] = [join(root, 'usr/lib/grub/arm64-efi'), join(tftpRoot, 'aarch64/bootaa64.efi')];
    execFileSync('grub-mkimage', [
      '-O',
      'arm64-efi',
      '-d',
      modules,
      '-p',
      '/aarch64',
      '-o',
      image,
      ...GRUB_MODULES,
    ]);
  } finally {
    work.remove();
  }
}
