import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, describeError } from '../errors.ts';
import { packageRoot } from '../package-root.ts';
import { complain } from './complain.ts';
import { Output } from './output.ts';
import { buildParser } from './parser.ts';
import type { Signals } from './signals.ts';

/** Runs the role that the arguments name; 0 after a clean stop, 1 when it failed, 2 when arguments or configuration are wrong. */
export async function main(args: readonly string[], signals: Signals): Promise<number> {
  const output = new Output(process.stdout);
  let exitCode = 0;
  const parser = buildParser({
    version: version(),
    surroundings: { signals, output },
    onExit: (code) => (exitCode = code),
  });
  try {
    await parser.parseAsync([...args]);
    await output.written(signals.stopping);
    return exitCode;
  } catch (error) {
    complain(complaints(error));
    return error instanceof ConfigError ? 2 : 1;
  }
}

function complaints(error: unknown): readonly string[] {
  return error instanceof ConfigError ? error.problems : [describeError(error)];
}

function version(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
