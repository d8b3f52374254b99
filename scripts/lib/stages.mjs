import { runChecks } from './checks.mjs';
import { ensureBuild } from './dist.mjs';
import { runJest } from './jest.mjs';
import { seconds, timed } from './verdict.mjs';

/** @typedef {import('./verdict.mjs').Verdict} Verdict */

/** What `npm test` consists of, in order. */
export const STAGES = /** @type {const} */ (['check', 'model', 'build', 'integration', 'e2e', 'chaos']);
/** @typedef {(typeof STAGES)[number]} Stage */

/**
 * Runs the stages, each under a heading, and goes on after one that failed, for whatever can still be said.
 * @param {readonly Stage[]} stages
 * @param {readonly string[]} jestArgs
 * @returns {Promise<Verdict[]>}
 */
export async function runStages(stages, jestArgs) {
  /** @type {Verdict[]} */
  const verdicts = [];
  for (const stage of stages) {
    console.log(`\n=== ${stage} ===`);
    const start = performance.now();
    const broken = verdicts.some(({ name, failed }) => name === 'build' && failed > 0);
    verdicts.push(...(await runStage(stage, { jestArgs, broken })));
    console.log(`=== ${stage}: ${seconds(performance.now() - start).trim()} ===`);
  }
  return verdicts;
}

/**
 * @param {Stage} stage
 * @param {{ jestArgs: readonly string[], broken: boolean }} circumstances
 * @returns {Promise<Verdict[]>}
 */
async function runStage(stage, { jestArgs, broken }) {
  switch (stage) {
    case 'check':
      return runChecks();
    case 'build':
      return [await timed(stage, async () => ({ failed: (await ensureBuild()) ? 0 : 1 }))];
    case 'model':
    case 'integration':
      return [await timed(stage, () => tests(stage, jestArgs))];
    case 'e2e':
    case 'chaos':
      // Its subject is dist/cli.js.
      if (broken) return [{ name: stage, failed: 1, tookMs: 0, note: 'not run: the build failed' }];
      return [await timed(stage, () => tests(stage, jestArgs))];
  }
}

/**
 * @param {string} project
 * @param {readonly string[]} args
 */
async function tests(project, args) {
  const { passed, failed, skipped } = await runJest(project, { args });
  const nothing = passed + failed === 0 && args.length === 0;
  return { passed, skipped, failed: nothing ? 1 : failed, ...(nothing && { note: 'no tests were run' }) };
}
