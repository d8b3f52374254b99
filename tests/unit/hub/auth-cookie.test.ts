import { describe, expect, it } from '@jest/globals';
import { authCookie } from '../../../src/hub/auth-cookie.ts';

describe('the session cookie', () => {
  it.each([
    ['beaker_auth_token=abc; Path=/; HttpOnly', 'beaker_auth_token=abc'],
    ['beaker_auth_token="a=b|c"; Path=/', 'beaker_auth_token="a=b|c"'],
    [['other=1', 'beaker_auth_token=abc', 'more=2'], 'beaker_auth_token=abc'],
    [['beaker_auth_token=old', 'beaker_auth_token=new'], 'beaker_auth_token=new'],
    ['beaker_auth_token=x; Max-Age=3600', 'beaker_auth_token=x'],
  ])('is taken from %j', (setCookie, cookie) => {
    expect(authCookie(setCookie)).toBe(cookie);
  });

  it.each([
    'beaker_auth_token=; Path=/',
    'beaker_auth_token=x; Max-Age=0',
    'beaker_auth_token=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT',
  ])('is over with %j', (setCookie) => {
    expect(authCookie(setCookie)).toBeNull();
  });

  it.each([undefined, 'other=1', 'xbeaker_auth_token=1'])('is not touched by %j', (setCookie) => {
    expect(authCookie(setCookie)).toBeUndefined();
  });
});
