// Measures speed and memory: `npm run bench`, or some of it: `npm run bench pick-up throughput`. Each bench/NAME.ts prints a table and
// writes bench/results/NAME.json, whose `summary`, one line, is repeated at the end.
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureBuild } from './lib/dist.mjs';
import { ensureNodeVersion } from './lib/node-version.mjs';
import { inProject } from './lib/project.mjs';
import { run } from './lib/run.mjs';
import { script } from './lib/script.mjs';
import { SetupError } from './lib/setup-error.mjs';

await script(async (args) => {
  ensureNodeVersion();
  const names = chosen(args);
  await ensureDependencies();
  if (!(await ensureBuild())) return 1;
  mkdirSync(inProject('bench', 'results'), { recursive: true });
  const results = [];
  for (const name of names) results.push({ name, status: await bench(name) });
  console.log('\n=== summary ===');
  for (const { name, status } of results)
    console.log(`${name}: ${status === 0 ? summaryOf(name) : 'FAILED'}`);
  return results.every(({ status }) => status === 0) ? 0 : 1;
});

/** @param {readonly string[]} wanted */
function chosen(wanted) {
  const all = readdirSync(inProject('bench'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -'.ts'.length));
  const unknown = wanted.filter((name) => !all.includes(name));
  if (unknown.length === 0) return wanted.length > 0 ? wanted : all;
  throw new SetupError(`there is no bench ${unknown.join(', ')}; expected some of: ${all.join(', ')}`);
}

/** @param {string} name */
async function bench(name) {
  console.log(`\n=== ${name} ===`);
  rmSync(resultOf(name), { force: true });
  return run(process.execPath, ['--import', './scripts/lib/ts-loader.mjs', `bench/${name}.ts`]);
}

/** @param {string} name */
function summaryOf(name) {
  try {
    /** @type {{ summary?: string }} */
    const result = JSON.parse(readFileSync(resultOf(name), 'utf8'));
    return result.summary ?? `see bench/results/${name}.json`;
  } catch {
    return 'done, but it wrote no result';
  }
}

/** @param {string} name */
function resultOf(name) {
  return inProject('bench', 'results', `${name}.json`);
}
