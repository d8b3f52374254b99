import { seconds } from './verdict.mjs';

/** @typedef {import('./verdict.mjs').Verdict} Verdict */

/**
 * Prints a table of the verdicts and, alone on the last line, the sum: `N passed, N failed`. Tests count one each, a failed stage that
 * is no test counts as one failed; so does a run without a single test, which says nothing.
 * @param {readonly Verdict[]} verdicts
 * @returns {number} The exit code.
 */
export function summarize(verdicts) {
  console.log(`\n${'stage'.padEnd(15)} ${'time'.padStart(8)}  passed  failed  skipped`);
  for (const verdict of verdicts) console.log(rowOf(verdict));
  const passed = sum(verdicts.map((verdict) => verdict.passed ?? 0));
  const failed = sum(verdicts.map((verdict) => verdict.failed));
  if (passed + failed === 0) console.log('\nNo tests were run.');
  return finish(passed, passed + failed === 0 ? 1 : failed);
}

/**
 * Prints the last line of all.
 * @param {number} passed
 * @param {number} failed
 * @returns {number} The exit code.
 */
export function finish(passed, failed) {
  console.log(`\n${String(passed)} passed, ${String(failed)} failed`);
  return failed === 0 ? 0 : 1;
}

/** @param {Verdict} verdict */
function rowOf({ name, tookMs, passed, failed, skipped, note }) {
  const counts =
    passed === undefined
      ? [failed === 0 ? 'ok' : 'FAILED'.padStart(14)]
      : [passed, failed, skipped ?? 0].map((count) => String(count).padStart(6));
  const row = [name.padEnd(15), seconds(tookMs), '', counts.join('  '), note ?? ''];
  return row.join(' ').trimEnd();
}

/** @param {readonly number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
