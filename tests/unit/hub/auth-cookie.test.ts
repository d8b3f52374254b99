import { describe, expect, it } from '@jest/globals';
import { authCookie } from '../../../src/hub/auth-cookie.ts';

describe('the session cookie', () => {
  it.each([
    ['beaker_auth_token=abc; Path=/; HttpOnly', 'beaker_auth_token=abc'],
    ['beaker_auth_token="a=b|c"; Path=/', 'beaker_auth_token="a=b|c"'],
    [['other=1', 'beaker_auth_token=abc', 'more=2'], 'beaker_auth_token=abc'],
    [['beaker_auth_token=old', 'beaker_auth_token=new'], 'beaker_auth_token=new'],
    ['beaker_auth_token=deleted', 'beaker_auth_token=deleted'],
  ])('is taken from %j', (setCookie, cookie) => {
    expect(authCookie(setCookie)).toBe(cookie);
  });

  it.each(['Max-Age=0', 'Max-Age=21600; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'Expires=nonsense'])(
    'holds whatever it says of its age: only the hub knows when a session is over (%s)',
    (age) => {
      expect(authCookie(`beaker_auth_token=x; ${age}; Path=/`)).toBe('beaker_auth_token=x');
    },
  );

  it.each(['', 'half a word', 'a\u0001b', '\u00e9', 'x'.repeat(5_000)])(
    'is over when it has a value that no header can hold (%j)',
    (value) => {
      expect(authCookie(`beaker_auth_token=${value}; Path=/`)).toBeNull();
    },
  );

  it.each([undefined, 'other=1', 'xbeaker_auth_token=1'])('is not touched by %j', (setCookie) => {
    expect(authCookie(setCookie)).toBeUndefined();
  });
});
