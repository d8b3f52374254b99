import { describe, expect, it } from '@jest/globals';
import { SessionTokens } from '../../../src/server/session-tokens.ts';

describe('a session token', () => {
  it('stands for its user until it expires', () => {
    let nowMs = 1000;
    const tokens = new SessionTokens(500, () => nowMs);
    const token = tokens.issue('host/lab:1');
    nowMs = 1499;
    expect(tokens.userOf(token)).toBe('host/lab:1');
    nowMs = 1500;
    expect(tokens.userOf(token)).toBeUndefined();
  });

  it('is worth nothing when it is changed, made up, or of another server', () => {
    const tokens = new SessionTokens(60_000);
    const token = tokens.issue('one');
    const [, signature = ''] = token.split('.');
    const body = Buffer.from(`${Date.now() + 60_000}:two`).toString('base64url');
    for (const wrong of [
      '',
      '.',
      'x',
      `${body}.${signature}`,
      `${token}x`,
      new SessionTokens(60_000).issue('one'),
    ]) {
      expect(tokens.userOf(wrong)).toBeUndefined();
    }
  });
});
