import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { steadyNow } from '../steady-clock.ts';

/**
 * Session tokens that carry their user and their end, signed with a key of this process: nothing to remember, and a
 * restart ends all sessions. Each one is good until its own end, so that concurrent calls may hold different ones.
 */
export class SessionTokens {
  readonly #key = randomBytes(32);
  readonly #ttlMs: number;
  readonly #now: () => number;

  constructor(ttlMs: number, now: () => number = steadyNow) {
    this.#ttlMs = ttlMs;
    this.#now = now;
  }

  /** A token for `user`, good from now for the time that a session lasts. */
  issue(user: string): string {
    const claims = `${this.#now() + this.#ttlMs}:${user}`;
    const body = Buffer.from(claims).toString('base64url');
    return `${body}.${this.#sign(body)}`;
  }

  /** The user of a token that this process issued and that has not expired. */
  userOf(token: string): string | undefined {
    const [body = '', signature = ''] = token.split('.', 2);
    const expected = Buffer.from(this.#sign(body));
    const found = Buffer.from(signature);
    if (found.length !== expected.length || !timingSafeEqual(found, expected)) return undefined;
    const claims = Buffer.from(body, 'base64url').toString();
    const colon = claims.indexOf(':');
    return Number(claims.slice(0, colon)) > this.#now() ? claims.slice(colon + 1) : undefined;
  }

  #sign(body: string): string {
    return createHmac('sha256', this.#key).update(body).digest('base64url');
  }
}
