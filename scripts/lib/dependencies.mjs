import { existsSync, readFileSync } from 'node:fs';
import { inProject } from './project.mjs';
import { run } from './run.mjs';
import { SetupError } from './setup-error.mjs';

/** @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage */
/** @typedef {Record<string, LockedPackage>} LockedPackages */

/**
 * Makes sure that node_modules is what package-lock.json says, installing it anew when it is not.
 * @throws {SetupError} when the installation fails.
 */
export async function ensureDependencies() {
  const reason = whyInstall();
  if (reason === undefined) return;
  console.log(`Installing dependencies (npm ci): ${reason}.`);
  // NODE_ENV=production would leave out what builds and tests.
  const status = await run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund']);
  if (status !== 0)
    throw new SetupError(`npm ci ended with exit status ${String(status)}: see its output above.`);
}

/** What is wrong with node_modules, by the list that npm keeps in it; undefined when nothing is. */
function whyInstall() {
  const listFile = inProject('node_modules', '.package-lock.json');
  if (!existsSync(listFile)) return 'node_modules is missing';
  const wanted = packagesOf(inProject('package-lock.json'));
  const present = packagesOf(listFile);
  const changed = Object.keys(wanted).find((path) => path !== '' && differs(wanted[path], present[path]));
  if (changed !== undefined) return `${changed} is not what package-lock.json says`;
  const extra = Object.keys(present).find((path) => !(path in wanted));
  return extra === undefined ? undefined : `${extra} is not in package-lock.json`;
}

/** @param {string} file */
function packagesOf(file) {
  /** @type {{ packages: LockedPackages }} */
  const lock = JSON.parse(readFileSync(file, 'utf8'));
  return lock.packages;
}

/**
 * @param {LockedPackage | undefined} wanted
 * @param {LockedPackage | undefined} present
 */
function differs(wanted, present) {
  // Binaries for other platforms are optional, and rightly absent.
  if (present === undefined) return wanted?.optional !== true;
  return wanted?.version !== present.version || wanted?.integrity !== present.integrity;
}
