import { describe, expect, it } from '@jest/globals';
import { percentDecoded } from '../../../src/net/percent-decoded.ts';

describe('a part of a URL', () => {
  it.each([
    ['p%40ss%20w%C3%B6rd', 'p@ss wörd'],
    ['100%', '100%'],
    ['p%zz%40', 'p%zz@'],
    ['%FF', '%FF'],
    ['', ''],
  ])('%j is meant as %j', (part, meant) => {
    expect(percentDecoded(part)).toBe(meant);
  });
});
