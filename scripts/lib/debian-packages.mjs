import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { capture, run } from './run.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Makes sure that Debian packages are installed; as root it installs those that are missing, without starting any service.
 * @param {readonly string[]} packages
 * @throws {SetupError} naming what is missing and the command that installs it.
 */
export async function ensureDebianPackages(packages) {
  const missing = await missingPackages(packages);
  if (missing.length === 0) return;
  const howTo = `apt-get install --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0 || (await capture('apt-get', ['--version'])).status !== 0) {
    throw new SetupError(`The tests need Debian packages that are not installed. As root: ${howTo}`);
  }
  console.log(`Installing Debian packages: ${missing.join(' ')}`);
  await withoutServices(() => install(missing));
  const still = await missingPackages(packages);
  if (still.length > 0) {
    throw new SetupError(
      `${still.join(' ')} could not be installed: see apt-get's output above, then try ${howTo}`,
    );
  }
}

/** @param {readonly string[]} packages */
async function missingPackages(packages) {
  const { output } = await capture('dpkg-query', ['-W', '-f', '${Package} ${Status}\\n', ...packages]);
  const lines = new Set(output.split('\n'));
  return packages.filter((name) => !lines.has(`${name} install ok installed`));
}

/** @param {readonly string[]} packages */
async function install(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-qq'], { env });
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env });
}

const POLICY = '/usr/sbin/policy-rc.d';

/**
 * Keeps packages from starting their services while `work` runs, in the way that Debian's policy manual provides: a
 * policy-rc.d that forbids. One that is there already is its admin's decision, and stays.
 * @param {() => Promise<void>} work
 */
async function withoutServices(work) {
  if (existsSync(POLICY)) {
    await work();
    return;
  }
  writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    await work();
  } finally {
    rmSync(POLICY, { force: true });
  }
}
