import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from '../../errors.ts';

const run = promisify(execFile);

/** A kernel and an initrd, which together say on the console what they were booted with, and switch the machine off. */
export interface TestSystem {
  readonly kernel: string;
  readonly initrd: string;
}

/** What the system writes on the console, before the command line of its kernel. */
export const MARKER = 'the installer starts with: ';

/**
 * Makes the system in `dir`, or takes the one that is there: Debian's kernel for virtual machines, which is downloaded but not installed, and
 * its static busybox. Processes that do so at the same time do not disturb each other.
 * @throws Error naming what is missing, and how to install it
 */
export async function testSystem(dir: string): Promise<TestSystem> {
  const made = join(dir, 'test-system-1');
  const system = { kernel: join(made, 'vmlinuz'), initrd: join(made, 'initrd') };
  if (existsSync(made)) return system;
  mkdirSync(dir, { recursive: true });
  const work = mkdtempSync(join(dir, 'making-'));
  try {
    mkdirSync(join(work, 'done'));
    await Promise.all([makeKernel(work), makeInitrd(work)]);
    renameSync(join(work, 'done'), made);
  } catch (error) {
    // Somebody else was faster.
    if (!['ENOTEMPTY', 'EEXIST'].includes(errorCode(error) ?? '')) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return system;
}

/** It has drivers for what qemu offers built in, the serial console among them. */
async function makeKernel(work: string): Promise<void> {
  const name = (await kernelPackage()) ?? (await run('apt-get', ['update']).then(kernelPackage));
  if (name === undefined) throw new Error('expected the Debian package linux-image-cloud-amd64, found none');
  await run('apt-get', ['download', name], { cwd: work, timeout: 120_000 });
  const deb = readdirSync(work).find((file) => file.endsWith('.deb')) ?? '';
  await run('dpkg-deb', ['--extract', deb, 'kernel'], { cwd: work });
  const kernel = readdirSync(join(work, 'kernel/boot')).find((file) => file.startsWith('vmlinuz-')) ?? '';
  renameSync(join(work, 'kernel/boot', kernel), join(work, 'done/vmlinuz'));
}

/** Undefined when Debian's lists are not there yet. */
async function kernelPackage(): Promise<string | undefined> {
  const { stdout } = await run('apt-cache', ['depends', 'linux-image-cloud-amd64']).catch(() => ({
    stdout: '',
  }));
  return /Depends: (linux-image-\S+)/.exec(stdout)?.[1];
}

async function makeInitrd(work: string): Promise<void> {
  const root = join(work, 'initrd');
  for (const directory of ['bin', 'dev', 'proc']) mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(join(root, 'init'), INIT, { mode: 0o755 });
  await run('sh', ['-c', 'cp "$(command -v busybox)" bin/busybox'], { cwd: root });
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
