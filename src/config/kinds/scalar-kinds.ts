import * as z from 'zod';
import { hostName } from '../../command.ts';
import { Secret } from '../../secret.ts';
import type { Kind } from './kind.ts';

/** Text of one line. */
export const text: Kind<string> = lineOfText('text', 'a line of text');

/** The name of a file or directory. */
export const path: Kind<string> = lineOfText('path', 'a path');

/** The name of a host. */
export const host: Kind<string> = plain('host name', 'a host name', hostName);

/** Text that must not be seen. */
export const secret: Kind<Secret> = {
  type: 'secret',
  expected: 'text, not empty',
  schema: z
    .string()
    .min(1)
    .transform((value) => new Secret(value)),
  isSecret: true,
  show: String,
};

/** True or false, in any of the spellings that administrators use. */
export const truth: Kind<boolean> = plain('boolean', 'true or false', z.preprocess(truthOf, z.boolean()));

/** Seconds, fractions allowed: at least 10 ms, lest a loop spins, and at most a day, which every timer can hold. */
export const seconds: Kind<number> = plain(
  'seconds',
  'a number of seconds from 0.01 to 86400',
  z.preprocess(numberOf, z.number().min(0.01).max(86_400)),
);

/** A whole number from `min` to `max`. */
export function integer(min: number, max: number): Kind<number> {
  return plain(
    'integer',
    `a whole number from ${min} to ${max}`,
    z.preprocess(numberOf, z.int().min(min).max(max)),
  );
}

/** One of a few words. */
export function choice<const Word extends string>(...choices: readonly Word[]): Kind<Word> {
  const names = choices.map((word) => `\`${word}\``).join(', ');
  return { ...plain('choice', `one of ${names}`, z.enum(choices)), choices };
}

function lineOfText(type: string, expected: string): Kind<string> {
  return plain(
    type,
    expected,
    z
      .string()
      .max(4096)
      .regex(/^\P{Cc}+$/u),
  );
}

function plain<T>(type: string, expected: string, schema: z.ZodType<T>): Kind<T> {
  return { type, expected, schema, isSecret: false, show: String };
}

function numberOf(raw: unknown): unknown {
  return typeof raw === 'string' && /^[+-]?\d+(?:\.\d+)?$/.test(raw.trim()) ? Number(raw) : raw;
}

function truthOf(raw: unknown): unknown {
  if (typeof raw !== 'string' && typeof raw !== 'number') return raw;
  const word = String(raw).trim().toLowerCase();
  if (['true', 'yes', 'on', '1'].includes(word)) return true;
  if (['false', 'no', 'off', '0'].includes(word)) return false;
  return raw;
}
