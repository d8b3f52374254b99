import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface XargsOptions {
  /** Program to run, with one argument that it may ignore. */
  readonly file: string;
  readonly env: Readonly<Record<string, string>>;
  readonly count: number;
  readonly parallel: number;
}

/** Runs the program `count` times through `xargs -P`, which does nothing but start and wait; resolves to how long it took. */
export async function runXargs({ file, env, count, parallel }: XargsOptions): Promise<number> {
  const startedAt = performance.now();
  const xargs = spawn('xargs', ['-n', '1', '-P', String(parallel), file], {
    env,
    cwd: '/',
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  xargs.stdin.end(Array.from({ length: count }, (_, index) => `${index + 1}\n`).join(''));
  const exit: readonly unknown[] = await once(xargs, 'exit');
  const [status] = exit;
  if (status !== 0) throw new Error(`xargs ${file}: expected exit status 0, found ${String(status)}`);
  return performance.now() - startedAt;
}
