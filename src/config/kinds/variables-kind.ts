import * as z from 'zod';
import type { Kind } from './kind.ts';

/**
 * What no power script may inherit, by the first letters of the name: it changes how programs are loaded, configures this daemon (with
 * passwords), or is said anew for each command.
 */
const KEPT_BACK = ['NODE_', 'LD_', 'BEAKER_', 'power_'];

/** Names of environment variables, as a list or as text with commas; with `*` at the end, all that begin so. */
export const variables: Kind<readonly string[]> = {
  type: 'names',
  expected: `names of environment variables, \`*\` allowed at their end, that cannot be one of ${KEPT_BACK.map((prefix) => `\`${prefix}*\``).join(', ')}`,
  schema: z.preprocess(
    splitAtCommas,
    z.array(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]*\*?$/)
        .refine(mayBeGiven),
    ),
  ),
  isSecret: false,
  show: (names) => names.join(', '),
};

function mayBeGiven(name: string): boolean {
  const [start = ''] = name.split('*');
  return !KEPT_BACK.some(
    (prefix) => start.startsWith(prefix) || (name.endsWith('*') && prefix.startsWith(start)),
  );
}

function splitAtCommas(raw: unknown): unknown {
  return typeof raw === 'string' ? raw.split(',').map((name) => name.trim()) : raw;
}
