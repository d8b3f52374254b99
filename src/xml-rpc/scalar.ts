import { XmlRpcParseError } from './xml-rpc-errors.ts';
import type { XmlRpcValue } from './value.ts';

/** How the text of each scalar element is read. Every reader throws XmlRpcParseError for a text it does not know. */
export const SCALARS: Readonly<Record<string, (text: string) => XmlRpcValue>> = {
  int: readInteger,
  i4: readInteger,
  i8: readInteger,
  double: readDouble,
  boolean: readBoolean,
  string: (text) => text,
  nil: readNil,
  'ex:nil': readNil,
  'dateTime.iso8601': (text) => text.trim(),
  base64: readBase64,
};

// A list of commands should not fail as a whole for one odd number, so what fits in 64 bits is read, whatever the element says.
function readInteger(text: string): number | bigint {
  const digits = text.trim();
  if (!/^[+-]?\d{1,19}$/.test(digits)) throw unexpected('an integer of at most 64 bits', text);
  const number = Number(digits);
  if (Number.isSafeInteger(number)) return number === 0 ? 0 : number;
  const big = BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
  if (big !== BigInt.asIntN(64, big)) throw unexpected('an integer of at most 64 bits', text);
  return big;
}

// Python writes a double as its repr: with an exponent, or as inf and nan, which the reader of the value may then refuse.
const PYTHON_WORDS: ReadonlyMap<string, number> = new Map([
  ['inf', Infinity],
  ['-inf', -Infinity],
  ['nan', NaN],
]);

function readDouble(text: string): number {
  const digits = text.trim();
  const word = PYTHON_WORDS.get(digits);
  if (word !== undefined) return word;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(digits)) throw unexpected('a number', text);
  return Number(digits);
}

function readBoolean(text: string): boolean {
  const digit = text.trim();
  if (digit !== '0' && digit !== '1') throw unexpected('0 or 1', text);
  return digit === '1';
}

function readNil(text: string): null {
  if (text.trim() !== '') throw unexpected('nothing inside nil', text);
  return null;
}

function readBase64(text: string): Uint8Array {
  const digits = text.replace(/\s+/g, '');
  if (digits.length % 4 !== 0 || !/^[a-z0-9+/]*={0,2}$/i.test(digits))
    throw new XmlRpcParseError('expected base64');
  return Buffer.from(digits, 'base64');
}

function unexpected(expected: string, found: string): XmlRpcParseError {
  const excerpt = found.length > 40 ? `${found.slice(0, 40)}…` : found;
  return new XmlRpcParseError(`expected ${expected}, found ${JSON.stringify(excerpt)}`);
}
