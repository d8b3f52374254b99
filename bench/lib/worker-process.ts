import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../../tests/helpers/temp-dir.ts';
import { ACCOUNT, type Lab } from './lab.ts';
import type { AtEnd } from './with-cleanup.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PATIENCE_MS = 15_000;

export interface WorkerOptions {
  readonly lab: Lab;
  readonly concurrency: number;
  /** Directory of power scripts that come before the bundled ones. */
  readonly scriptsDir?: string;
}

export interface WorkerProcess {
  readonly pid: number;
  /** Ends the worker: in order, or with `atOnce` together with the scripts that run. */
  stop(options?: { atOnce?: boolean }): Promise<void>;
}

/** Starts `beaker-provision worker` as it is built, logging as a service does; resolves when it takes commands from the broker. */
export async function startWorker(options: WorkerOptions, atEnd: AtEnd): Promise<WorkerProcess> {
  const { lab } = options;
  const dir = tempDir();
  atEnd(() => dir.remove());
  const logFile = dir.file('log');
  const log = openSync(logFile, 'a');
  // For a look inside: --cpu-prof, for one.
  const nodeOptions = (process.env['BENCH_WORKER_NODE_OPTIONS'] ?? '').split(' ').filter(Boolean);
  const child = spawn(process.execPath, [...nodeOptions, CLI, 'worker'], {
    env: settings(options, dir.file('state')),
    stdio: ['ignore', 'ignore', log],
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`expected to start ${CLI}, and could not`);
  atEnd(() => stop(child, { atOnce: true }));
  const exited = once(child, 'exit');
  await Promise.race([lab.hasWorker(), exited]);
  if (child.exitCode !== null) throw new Error(`the worker did not start:\n${readFileSync(logFile, 'utf8')}`);
  return { pid, stop: (how) => stop(child, how ?? {}) };
}

function settings({ lab, concurrency, scriptsDir }: WorkerOptions, stateDir: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    BEAKER_HUB_URL: lab.hubUrl,
    BEAKER_USERNAME: ACCOUNT.user,
    BEAKER_PASSWORD: ACCOUNT.password,
    BEAKER_AMQP_URL: lab.amqpUrl,
    BEAKER_CONCURRENCY: String(concurrency),
    BEAKER_STATE_DIR: stateDir,
    BEAKER_LOG_FORMAT: 'json',
    // A poll must not bring what is about to be pushed.
    BEAKER_SLEEP_TIME: '3600',
    ...(scriptsDir !== undefined && { BEAKER_POWER_SCRIPTS_DIR: scriptsDir }),
  };
}

async function stop(child: ChildProcess, { atOnce = false }: { atOnce?: boolean }): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  // Two signals of a kind that come together are one to the receiver.
  const again = atOnce ? setTimeout(() => child.kill('SIGTERM'), 200) : undefined;
  const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  await exited;
  clearTimeout(again);
  clearTimeout(patience);
}
