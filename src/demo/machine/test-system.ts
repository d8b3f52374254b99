import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from '../../errors.ts';
import { type DebianArchitecture, extractPackage, newestOf } from './debian-packages.ts';

const run = promisify(execFile);

/** A kernel and an initrd, which together say on the console what they were booted with, and switch the machine off. */
export interface TestSystem {
  readonly kernel: string;
  readonly initrd: string;
}

/** What the system writes on the console, before the command line of its kernel. */
export const MARKER = 'the installer starts with: ';

/**
 * Makes the system in `dir`, or takes the one that is there: Debian's kernel for virtual machines, which has drivers for what qemu offers built in,
 * and its static busybox, neither of them installed. Processes that do so at the same time do not disturb each other.
 * @throws Error naming what cannot be had
 */
export async function testSystem(
  dir: string,
  architecture: DebianArchitecture = 'amd64',
): Promise<TestSystem> {
  const made = join(dir, `test-system-2-${architecture}`);
  const system = { kernel: join(made, 'vmlinuz'), initrd: join(made, 'initrd') };
  if (existsSync(made)) return system;
  mkdirSync(dir, { recursive: true });
  const work = mkdtempSync(join(dir, 'making-'));
  try {
    mkdirSync(join(work, 'done'));
    await makeKernel(work, architecture);
    await makeInitrd(work, architecture);
    renameSync(join(work, 'done'), made);
  } catch (error) {
    // Somebody else was faster.
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return system;
}

async function makeKernel(work: string, architecture: DebianArchitecture): Promise<void> {
  const name = await newestOf(`linux-image-cloud-${architecture}`, { architecture, work });
  const root = await extractPackage(name, { architecture, work });
  const kernel = readdirSync(join(root, 'boot')).find((file) => file.startsWith('vmlinuz-')) ?? '';
  renameSync(join(root, 'boot', kernel), join(work, 'done/vmlinuz'));
}

async function makeInitrd(work: string, architecture: DebianArchitecture): Promise<void> {
  const busybox = await extractPackage('busybox-static', { architecture, work });
  const root = join(work, 'initrd');
  for (const directory of ['bin', 'dev', 'proc']) mkdirSync(join(root, directory), { recursive: true });
  renameSync(join(busybox, 'bin/busybox'), join(root, 'bin/busybox'));
  writeFileSync(join(root, 'init'), INIT, { mode: 0o755 });
  await run('sh', ['-c', 'find . | cpio --quiet -o -H newc | gzip -1 >../done/initrd'], { cwd: root });
}

const INIT = `#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t devtmpfs dev /dev
echo "${MARKER}$(/bin/busybox cat /proc/cmdline)" >/dev/console
/bin/busybox sleep 1
echo o >/proc/sysrq-trigger
/bin/busybox sleep 60
`;
