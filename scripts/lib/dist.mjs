import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';
import { inProject } from './project.mjs';

const DIST = inProject('dist');
const STAMP = join(DIST, '.inputs');

/**
 * Bundles src/ into dist/ unless dist/ is up to date. Nothing of an earlier build stays, least of all what no longer has a source.
 * @param {{ force?: boolean }} [options]
 * @returns {Promise<boolean>} Whether dist/ is there and right.
 */
export async function ensureBuild({ force = false } = {}) {
  const inputs = hashOfInputs();
  if (!force && existsSync(STAMP) && readFileSync(STAMP, 'utf8') === inputs) return true;
  rmSync(DIST, { recursive: true, force: true });
  if (!(await bundle(DIST))) return false;
  chmodSync(join(DIST, 'cli.js'), 0o755);
  writeFileSync(STAMP, inputs);
  return true;
}

// By content, not by time: switching branches back and forth changes times only.
function hashOfInputs() {
  const sources = readdirSync(inProject('src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join('src', path))
    .sort();
  const hash = createHash('sha256');
  const bundling = [
    'scripts/lib/bundle.mjs',
    'scripts/lib/untranslated.mjs',
    'scripts/lib/nothing-above.mjs',
  ];
  for (const path of ['tsconfig.json', 'package-lock.json', ...bundling, ...sources]) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(inProject(path)))
      .update('\0');
  }
  return hash.digest('hex');
}
