import { createHash, timingSafeEqual } from 'node:crypto';
import { labOf } from '../hub/lab-of.ts';
import type { Secret } from '../secret.ts';
import { AccessDeniedError } from './errors.ts';

/** Who may log in: passwords by user name. */
export type Accounts = ReadonlyMap<string, Secret>;

/** The labs that the accounts act for, each once. */
export function labsOf(accounts: Accounts): readonly string[] {
  return [...new Set([...accounts.keys()].map(labOf))];
}

/** @throws AccessDeniedError `Invalid username or password`, without saying which. */
export function authenticate(accounts: Accounts, user: string, password: string): void {
  const expected = accounts.get(user)?.reveal();
  // An unknown user takes as long as a wrong password, so that names cannot be found out by the clock.
  const matches = timingSafeEqual(digest(password), digest(expected ?? ''));
  if (!matches || expected === undefined || expected === '') {
    throw new AccessDeniedError('Invalid username or password');
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
