import * as z from 'zod';
import { Secret } from '../../secret.ts';
import { parseValue } from '../python/parse-value.ts';
import type { Kind } from './kind.ts';

/** Users and their passwords, as a dict of the file or as the text of one. */
export const accounts: Kind<ReadonlyMap<string, Secret>> = {
  type: 'dict',
  expected: "users and their passwords like `{'host/lab1.example.com': 'password'}`",
  schema: z.preprocess(
    dictOf,
    z.map(
      z.string().min(1),
      z
        .string()
        .min(1)
        .transform((password) => new Secret(password)),
    ),
  ),
  isSecret: true,
  show: (users) => [...users].map(([user, password]) => `${user}: ${password.toString()}`).join(', '),
};

function dictOf(raw: unknown): unknown {
  if (typeof raw !== 'string') return raw;
  try {
    return parseValue(raw);
  } catch {
    return raw;
  }
}
