import { readFileSync } from 'node:fs';
import { inProject } from './project.mjs';
import { SetupError } from './setup-error.mjs';

/**
 * Makes sure that this Node is one that package.json allows.
 * @throws {SetupError} naming both versions.
 */
export function ensureNodeVersion() {
  /** @type {{ engines: { node: string } }} */
  const { engines } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const floor = engines.node.replace('>=', '');
  if (isOlder(process.versions.node, floor)) {
    throw new SetupError(
      `Node ${floor} or later is needed, but ${process.execPath} is ${process.versions.node}: see https://nodejs.org`,
    );
  }
}

/**
 * @param {string} version
 * @param {string} floor
 */
function isOlder(version, floor) {
  return version.localeCompare(floor, 'en', { numeric: true }) < 0;
}
