import { readdirSync } from 'node:fs';
import { runJest } from './jest.mjs';
import { inProject, tool } from './project.mjs';
import { capture } from './run.mjs';
import { seconds, timed } from './verdict.mjs';

/** @typedef {import('./verdict.mjs').Finding} Finding */
/** @typedef {import('./verdict.mjs').Verdict} Verdict */
/** @typedef {() => Promise<Finding>} Check */

/** All checks by name, the longest first, so that two at a time end early. @type {Readonly<Record<string, Check>>} */
const CHECKS = {
  'unit tests': () => unitTests(),
  lint: () => quietly(tool('eslint'), ['--max-warnings', '0', '.']),
  types: () => types(),
  'unused code': () => quietly(tool('knip'), ['--no-progress']),
  format: () => quietly(tool('prettier'), ['--check', '--log-level', 'warn', '.']),
  layers: () => quietly(tool('depcruise'), ['--output-type', 'err-long', 'src']),
  'shell scripts': () => shellScripts(),
};

const CHECK_NAMES = Object.keys(CHECKS);

/**
 * Runs checks two at a time and prints one line each; the output of those that failed follows at the end.
 * @param {readonly string[]} names
 * @returns {Promise<Verdict[]>}
 */
export async function runChecks(names = CHECK_NAMES) {
  /** @type {Verdict[]} */
  const verdicts = [];
  const waiting = names.values();
  const worker = async () => {
    for (const name of waiting) {
      const verdict = await timed(name, checkNamed(name));
      console.log(lineOf(verdict));
      verdicts.push(verdict);
    }
  };
  await Promise.all([worker(), worker()]);
  for (const { name, output } of verdicts.filter(({ failed }) => failed > 0)) {
    console.log(`\n--- ${name} ---\n${output?.trim() ?? ''}`);
  }
  return verdicts;
}

/**
 * @param {string} name
 * @returns {Check}
 */
function checkNamed(name) {
  return CHECKS[name] ?? (async () => ({ failed: 1, output: `expected one of: ${CHECK_NAMES.join(', ')}` }));
}

/** @param {Verdict} verdict */
function lineOf({ name, failed, tookMs, note, passed }) {
  const result =
    note ?? (failed > 0 ? 'FAILED' : passed === undefined ? 'ok' : `ok, ${String(passed)} tests`);
  return `  ${name.padEnd(15)} ${seconds(tookMs)}  ${result}`;
}

/** @type {Check} */
async function unitTests() {
  const result = await runJest('unit', { quiet: true });
  if (result.passed + result.failed > 0) return result;
  return { ...result, failed: 1, output: 'no tests were run' };
}

/** @type {Check} */
async function types() {
  const code = await quietly(tool('tsc'), ['-p', 'tsconfig.json']);
  return code.failed > 0 ? code : quietly(tool('tsc'), ['-p', 'scripts/tsconfig.json']);
}

/** @type {Check} */
async function shellScripts() {
  const helpers = filesIn('tests/helpers').filter((path) => path.endsWith('.sh'));
  if ((await capture('shellcheck', ['--version'])).status !== 0) {
    return { failed: 0, note: 'not done: shellcheck is not installed' };
  }
  return quietly('shellcheck', ['.ci/run', ...filesIn('power-scripts'), ...helpers]);
}

/** @param {string} folder */
function filesIn(folder) {
  return readdirSync(inProject(folder)).map((name) => `${folder}/${name}`);
}

/**
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {Promise<Finding>}
 */
async function quietly(file, args) {
  const { status, output } = await capture(file, args);
  return { failed: status === 0 ? 0 : 1, output };
}
