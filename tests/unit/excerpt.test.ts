import { describe, expect, it } from '@jest/globals';
import { excerpt } from '../../src/excerpt.ts';

describe('an excerpt', () => {
  it.each([
    ['short', 'short'],
    [' two\r\n\tlines ', 'two lines'],
    ['\u001b[31mred\u0007\u0000', '\ufffd[31mred\ufffd\ufffd'],
    ['\u202eturned, and half \ud800', '\ufffdturned, and half \ufffd'],
    ['12345678901', '123456789…'],
    ['12345678😀1', '12345678…'],
  ])('of %j is %j', (text, expected) => {
    expect(excerpt(text, text.startsWith('12') ? 10 : undefined)).toBe(expected);
  });
});
