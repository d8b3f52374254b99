import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { root } from './project.mjs';

/**
 * @typedef {object} Result
 * @property {number} status Exit status as a shell gives it: 127 when there is no such program, 128 + n after signal n.
 * @property {string} output Standard output and error, in the order in which they came.
 */

/**
 * Runs a program in the project's folder on our own terminal, and waits for it however often Ctrl-C is pressed: the program gets
 * the key press as well, and decides when it is done.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} Its exit status.
 */
export async function run(file, args, { env = process.env } = {}) {
  const child = spawn(file, args, { cwd: root, env, stdio: 'inherit' });
  const stay = () => undefined;
  const forward = () => child.kill('SIGTERM');
  process.on('SIGINT', stay).on('SIGTERM', forward);
  try {
    return await new Promise((resolve) => {
      child.once('error', (error) => {
        console.error(`cannot run ${file}: ${error.message}`);
        resolve(127);
      });
      child.once('close', (status, signal) => resolve(statusOf(status, signal)));
    });
  } finally {
    process.off('SIGINT', stay).off('SIGTERM', forward);
  }
}

/**
 * Runs a program in the project's folder, quietly. After `timeoutMs`, ten minutes unless given, it is killed with all that it started:
 * a test that loops for ever must not keep the others waiting. Ctrl-C ends it, too.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {{ timeoutMs?: number }} [options]
 * @returns {Promise<Result>}
 */
export async function capture(file, args, { timeoutMs = 600_000 } = {}) {
  // Its own process group, so that its children can be killed with it.
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  const keep = (/** @type {string} */ text) => (output += text);
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const timer = setTimeout(() => {
    keep(`\nkilled after ${String(timeoutMs / 1000)} s\n`);
    killGroup(child);
  }, timeoutMs);
  const interrupt = () => {
    killGroup(child);
    process.exit(130);
  };
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await new Promise((resolve) => {
      child.once('error', (error) =>
        resolve({ status: 127, output: `cannot run ${file}: ${error.message}\n` }),
      );
      child.once('close', (status, signal) => resolve({ status: statusOf(status, signal), output }));
    });
  } finally {
    clearTimeout(timer);
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** @param {import('node:child_process').ChildProcess} child */
function killGroup({ pid }) {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself.
  }
}

/**
 * @param {number | null} status
 * @param {NodeJS.Signals | null} signal
 */
function statusOf(status, signal) {
  return signal === null ? (status ?? 1) : 128 + constants.signals[signal];
}
