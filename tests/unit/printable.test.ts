import { describe, expect, it } from '@jest/globals';
import { isPrintable, printable, printableCell, printableText } from '../../src/printable.ts';

const STEERING = [
  '\x1b[2J',
  '\x07',
  '\x7f',
  '\x85',
  '\x9b31m',
  '\u2028',
  '\u2029',
  '\u202e',
  '\u2066',
  '\u200f',
  '\ufeff',
];

describe('printable text', () => {
  it.each(STEERING)('has nothing of %j', (text) => {
    const [first = ''] = text;
    expect(isPrintable(text)).toBe(false);
    expect(printable(text)).not.toContain(first);
    expect(printableText(text)).not.toContain(first);
    expect(printableCell(text)).not.toContain(first);
  });

  it('keeps what is shown, in any language', () => {
    for (const text of ['sys1.lab.test', 'Grüße, 日本語', 'a "b" \\ c', '😀']) {
      expect(printable(text)).toBe(text);
      expect(isPrintable(text)).toBe(true);
    }
  });

  it('says which character was there, as JSON does', () => {
    expect(printable('a\x1b[31m\nb\u202e')).toBe('a\\u001b[31m\\u000ab\\u202e');
    expect(JSON.parse(`"${printable('\x1b\u{e0041}')}"`)).toBe('\x1b\u{e0041}');
  });

  it('keeps lines and tabs where they are wanted', () => {
    expect(printableText('one\n\ttwo\r\x1b')).toBe('one\n\ttwo\\u000d\\u001b');
  });

  it('keeps columns where they are', () => {
    expect(printableCell('a\x1bb')).toBe('a?b');
  });
});
