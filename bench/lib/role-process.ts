import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../../tests/helpers/temp-dir.ts';
import type { AtEnd } from './with-cleanup.ts';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PATIENCE_MS = 15_000;

export interface RoleOptions {
  readonly role: 'worker' | 'relay';
  /** Its settings, but for where it keeps its state. */
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when it does its work. */
  readonly works: () => Promise<void>;
}

export interface RoleProcess {
  readonly pid: number;
  /** Ends it: in order, or with `atOnce` together with what it runs. */
  stop(options?: { atOnce?: boolean }): Promise<void>;
}

/** Starts a role of `beaker-provision` as it is built, logging as a service does; resolves when it works. */
export async function startRole({ role, env, works }: RoleOptions, atEnd: AtEnd): Promise<RoleProcess> {
  const dir = tempDir();
  atEnd(() => dir.remove());
  const logFile = dir.file('log');
  const log = openSync(logFile, 'a');
  const child = spawn(process.execPath, [...nodeOptions(role), CLI, role], {
    env: {
      PATH: process.env['PATH'],
      BEAKER_STATE_DIR: dir.file('state'),
      BEAKER_LOG_FORMAT: 'json',
      ...env,
    },
    stdio: ['ignore', 'ignore', log],
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`expected to start ${CLI}, and could not`);
  atEnd(() => stop(child, { atOnce: true }));
  const exited = once(child, 'exit');
  await Promise.race([works(), exited]);
  if (child.exitCode !== null)
    throw new Error(`the ${role} did not start:\n${readFileSync(logFile, 'utf8')}`);
  return { pid, stop: (how) => stop(child, how ?? {}) };
}

/** For a look inside: --cpu-prof, for one. */
function nodeOptions(role: string): readonly string[] {
  return (process.env[`BENCH_${role.toUpperCase()}_NODE_OPTIONS`] ?? '').split(' ').filter(Boolean);
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
