import type { Output } from './output.ts';
import type { Signals } from './signals.ts';

/** What the command line says, by kebab-case name; what was not said is not there. Read with care: see `loadConfig`. */
export type RoleArguments = Readonly<Record<string, unknown>>;

/** The process that a role runs in. */
export interface RoleSurroundings {
  readonly signals: Signals;
  readonly output: Output;
}
