import { ConfSyntaxError } from './conf-value.ts';
import type { Token } from './tokens.ts';

/**
 * The value of a string token, by the rules of Python 3; unknown escapes stay as they are.
 * @throws ConfSyntaxError for an escape that is broken, or that takes Python's table of character names.
 */
export function stringValue({ text, line }: Token): string {
  const [, prefix = '', quote = '', body = ''] = /^([a-z]*)("""|'''|"|')([^]*)\2$/i.exec(text) ?? [];
  if (quote === '') throw new ConfSyntaxError(line, 'a string', 'something else');
  if (/r/i.test(prefix)) return body;
  return body.replaceAll(ESCAPE, (escape: string, after: string) => escaped(escape, after, line));
}

const ESCAPE = /\\([0-7]{1,3}|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[^])/g;

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['\n', ''],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

function escaped(escape: string, after: string, line: number): string {
  const simple = SIMPLE.get(after);
  if (simple !== undefined) return simple;
  if (/^[0-7]/.test(after)) return String.fromCodePoint(Number.parseInt(after, 8));
  if (!/^[xuUN]/.test(after)) return escape;
  const code = Number.parseInt(after.slice(1), 16);
  if (after.length === 1 || code > 0x10_ffff) {
    throw new ConfSyntaxError(line, 'an escape with the code of a character', `\`\\${after.charAt(0)}\``);
  }
  return String.fromCodePoint(code);
}
