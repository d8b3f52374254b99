import { describe, expect, it } from '@jest/globals';
import { trimmed, wordsOf } from '../../src/white-space.ts';

/** What Python's `str.isspace` says yes to. */
const SPACES = [
  ...[0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x85, 0xa0, 0x1680],
  ...[0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008, 0x2009, 0x200a],
  ...[0x2028, 0x2029, 0x202f, 0x205f, 0x3000],
].map((code) => String.fromCharCode(code));

describe('white space', () => {
  it('is what Python takes for it, and nothing else', () => {
    const all = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code));

    expect(all.filter((character) => trimmed(character) === '')).toEqual(SPACES);
    expect(all.filter((character) => wordsOf(character).length === 0)).toEqual(SPACES);
  });

  it('goes from both ends of a text, and stays within', () => {
    expect(trimmed('\t\u00a0 a \n b\u3000\r\n')).toBe('a \n b');
    expect(trimmed('')).toBe('');
    expect(trimmed('\ufeffa\ufeff')).toBe('\ufeffa\ufeff');
  });

  it('separates words', () => {
    expect(wordsOf(' a  b\tc\u2003d\ufeffe\n')).toEqual(['a', 'b', 'c', 'd\ufeffe']);
  });
});
