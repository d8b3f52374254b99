import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';

// Lives until its program ends or its standard input does, which the kernel closes with us; then the whole group goes.
const CAGE = '{ "$@"; kill -KILL 0; } & cat >/dev/null; kill -KILL 0';

export interface CagedOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** File that gets its output. */
  readonly logFile: string;
}

/** A program that cannot outlive us, with whatever it starts in its process group. */
export interface Caged {
  readonly hasEnded: () => boolean;
  /** Kills it, as a power cut would. */
  readonly kill: () => Promise<void>;
}

/** Starts a program in a cage. */
export function caged(command: readonly string[], { environment, logFile }: CagedOptions): Caged {
  const log = openSync(logFile, 'a');
  const cage = spawn('/bin/sh', ['-c', CAGE, 'sh', ...command], {
    env: environment,
    detached: true,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  // No shell, no process: it counts as ended.
  let failed = false;
  cage.once('error', () => (failed = true));
  cage.stdin?.on('error', () => undefined);
  const hasEnded = (): boolean => failed || cage.exitCode !== null || cage.signalCode !== null;
  return {
    hasEnded,
    kill: async () => {
      if (hasEnded()) return;
      const exited = once(cage, 'exit');
      cage.stdin?.end();
      await exited;
    },
  };
}
