/**
 * @typedef {object} Finding
 * @property {number} failed Failed tests; for what is no test, 1. 0 when all is well.
 * @property {string} [output] To be shown when it failed, unless that was done at once.
 * @property {number} [passed] For tests: how many passed.
 * @property {number} [skipped] For tests: how many were left out.
 * @property {string} [note] Why there was nothing to find.
 */

/** @typedef {Finding & { name: string, tookMs: number }} Verdict What a check or a stage of the tests came to. */

/**
 * Does some work and adds its name and how long it took to what it found.
 * @param {string} name
 * @param {() => Promise<Finding>} work
 * @returns {Promise<Verdict>}
 */
export async function timed(name, work) {
  const start = performance.now();
  const finding = await work();
  return { ...finding, name, tookMs: performance.now() - start };
}

/**
 * A duration for a table: `  4.2 s`.
 * @param {number} ms
 */
export function seconds(ms) {
  return `${(ms / 1000).toFixed(1).padStart(6)} s`;
}
