import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tool } from './project.mjs';
import { capture, run } from './run.mjs';

/**
 * @typedef {object} JestResult
 * @property {number} passed Tests that passed.
 * @property {number} failed Tests that failed, files that could not be run included; at least 1 when Jest did not succeed.
 * @property {number} skipped Tests that were left out on purpose.
 * @property {string} output What Jest printed, unless that was shown at once.
 */

/**
 * Runs the tests of one project of jest.config.js and counts them.
 * @param {string} project
 * @param {object} [options]
 * @param {readonly string[]} [options.args] More arguments for Jest; tests may then be none.
 * @param {boolean} [options.quiet] Keep the output instead of showing it.
 * @returns {Promise<JestResult>}
 */
export async function runJest(project, { args = [], quiet = false } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'beaker-provision-jest-'));
  const resultFile = join(folder, 'result.json');
  const nodeArgs = [
    '--experimental-vm-modules', // Jest's way to ES modules
    '--disable-warning=ExperimentalWarning',
    tool('jest'),
    '--selectProjects',
    project,
    '--json',
    `--outputFile=${resultFile}`,
    ...(args.length > 0 ? ['--passWithNoTests', ...args] : []),
  ];
  try {
    const { status, output } = quiet
      ? await capture(process.execPath, nodeArgs, { timeoutMs: 180_000 })
      : { status: await run(process.execPath, nodeArgs), output: '' };
    return { ...countsOf(status, resultFile), output: output.replaceAll(/^PASS .*\n/gm, '') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @typedef {Record<'numPassedTests' | 'numFailedTests' | 'numPendingTests' | 'numTodoTests' | 'numRuntimeErrorTestSuites', number>} JestReport */

/**
 * @param {number} status
 * @param {string} resultFile
 */
function countsOf(status, resultFile) {
  const report = readReport(resultFile);
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
  return {
    passed: report.numPassedTests,
    failed: status === 0 ? failed : Math.max(1, failed),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/**
 * @param {string} file
 * @returns {JestReport | undefined} Undefined when Jest died before it could write one.
 */
function readReport(file) {
  try {
    /** @type {JestReport} */
    const report = JSON.parse(readFileSync(file, 'utf8'));
    return report;
  } catch {
    return undefined;
  }
}
