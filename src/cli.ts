#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { hideBin } from 'yargs/helpers';
import { buildParser } from './cli/parser.ts';
import { ConfigError, describeError } from './errors.ts';

// Not left to the event loop: a connection that is being made somewhere would keep it turning for seconds.
process.exit(await main(hideBin(process.argv)));

/** Runs the role that the arguments name; 0 after a clean stop, 1 when it failed, 2 when arguments or configuration are wrong. */
async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const parser = buildParser({ version: version(), onExit: (code) => (exitCode = code) });
  try {
    await parser.parseAsync([...args]);
    return exitCode;
  } catch (error) {
    console.error(complaint(error));
    return error instanceof ConfigError ? 2 : 1;
  }
}

function complaint(error: unknown): string {
  if (!(error instanceof ConfigError)) return `beaker-provision: ${describeError(error)}`;
  return error.problems.map((problem) => `beaker-provision: ${problem}`).join('\n');
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return /"version": "([^"]+)"/.exec(text)?.[1] ?? 'unknown';
}
