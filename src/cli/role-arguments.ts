import { ConfigError } from '../errors.ts';
import type { Output } from './output.ts';
import type { Signals } from './signals.ts';

/** What the command line says, by kebab-case name; what was not said is not there. Read with care: see `loadConfig`. */
export type RoleArguments = Readonly<Record<string, unknown>>;

/** The process that a role runs in. */
export interface RoleSurroundings {
  readonly signals: Signals;
  readonly output: Output;
}

/** The value of an argument that is a text; undefined when it was not given. @throws ConfigError for several values, and for `--no-NAME` */
export function textOf(args: RoleArguments, name: string): string | undefined {
  const value = args[name];
  if (value === undefined || typeof value === 'string') return value;
  const found = Array.isArray(value) ? `${value.length} values` : `--no-${name}`;
  throw new ConfigError([`--${name}: expected one value, found ${found}`]);
}
