import { ConfSyntaxError } from './conf-value.ts';
import type { ConfScalar, ConfValue } from './conf-value.ts';
import { numberValue } from './number-literal.ts';
import { percentFormat } from './percent-format.ts';
import { stringValue } from './string-literal.ts';
import { TokenCursor } from './token-cursor.ts';
import { splitStatements } from './tokens.ts';
import type { Token } from './tokens.ts';

/** The value that a name stands for, or undefined. */
export type Lookup = (name: string) => ConfValue | undefined;

/**
 * Reads a value as it stands after `KEY =`: strings, numbers, True, False, None, lists, tuples, dicts and `"…" % …`.
 * Nothing is evaluated.
 * @throws ConfSyntaxError
 */
export function parseValue(text: string): ConfValue {
  const [statement, more] = splitStatements(text);
  if (statement === undefined) return '';
  const value = readValue(new TokenCursor(statement), () => undefined);
  if (more !== undefined) throw new TokenCursor(more).unexpected('one value only');
  return value;
}

/** Reads the value from where `cursor` is to the end of its statement. */
export function readValue(cursor: TokenCursor, lookup: Lookup): ConfValue {
  const first = readExpression(cursor, lookup);
  if (!cursor.isAt(',')) {
    cursor.expectEnd();
    return first;
  }
  const values = [first];
  while (cursor.acceptSymbol(',') && cursor.peek() !== undefined) values.push(readExpression(cursor, lookup));
  cursor.expectEnd();
  return values;
}

function readExpression(cursor: TokenCursor, lookup: Lookup): ConfValue {
  let value = readOperand(cursor, lookup);
  while (typeof value === 'string' && cursor.isAt('%')) {
    const { line } = cursor;
    cursor.expectSymbol('%');
    const operand = readOperand(cursor, lookup);
    value = percentFormat(value, Array.isArray(operand) ? operand : [operand], line);
  }
  return value;
}

function readOperand(cursor: TokenCursor, lookup: Lookup): ConfValue {
  if (cursor.acceptSymbol('-')) return -readNumber(cursor);
  if (cursor.acceptSymbol('+')) return readNumber(cursor);
  if (cursor.peek()?.type === 'number') return readNumber(cursor);
  if (cursor.acceptSymbol('(')) return readParenthesis(cursor, lookup);
  if (cursor.acceptSymbol('[')) return readItems(cursor, lookup, ']');
  if (cursor.acceptSymbol('{')) return readDict(cursor, lookup);
  const string = cursor.accept('string');
  if (string !== undefined) return readStrings(cursor, string);
  return readName(cursor, lookup);
}

function readNumber(cursor: TokenCursor): number {
  const token = cursor.accept('number');
  if (token === undefined) throw cursor.unexpected('a number');
  return numberValue(token);
}

/** Strings that follow each other are one. */
function readStrings(cursor: TokenCursor, first: Token): string {
  let value = '';
  for (let token: Token | undefined = first; token !== undefined; token = cursor.accept('string')) {
    value += stringValue(token);
  }
  return value;
}

/** `(a)` is a, `(a,)` and `(a, b)` and `()` are tuples. */
function readParenthesis(cursor: TokenCursor, lookup: Lookup): ConfValue {
  if (cursor.acceptSymbol(')')) return [];
  const first = readExpression(cursor, lookup);
  if (cursor.acceptSymbol(')')) return first;
  cursor.expectSymbol(',');
  return [first, ...readItems(cursor, lookup, ')')];
}

function readItems(cursor: TokenCursor, lookup: Lookup, closer: string): ConfValue[] {
  const items: ConfValue[] = [];
  while (!cursor.acceptSymbol(closer)) {
    items.push(readExpression(cursor, lookup));
    if (!cursor.isAt(closer) && !cursor.acceptSymbol(',')) throw cursor.unexpected(`\`,\` or \`${closer}\``);
  }
  return items;
}

function readDict(cursor: TokenCursor, lookup: Lookup): ReadonlyMap<ConfScalar, ConfValue> {
  const dict = new Map<ConfScalar, ConfValue>();
  while (!cursor.acceptSymbol('}')) {
    const key = readDictKey(cursor, lookup);
    cursor.expectSymbol(':');
    dict.set(key, readExpression(cursor, lookup));
    if (!cursor.isAt('}') && !cursor.acceptSymbol(',')) throw cursor.unexpected('`,` or `}`');
  }
  return dict;
}

function readDictKey(cursor: TokenCursor, lookup: Lookup): ConfScalar {
  const { line } = cursor;
  const key = readExpression(cursor, lookup);
  if (key === null || typeof key !== 'object') return key;
  throw new ConfSyntaxError(line, 'a string or a number as key', 'a list or a dict');
}

const CONSTANTS: ReadonlyMap<string, ConfValue> = new Map([
  ['True', true],
  ['False', false],
  ['None', null],
]);

function readName(cursor: TokenCursor, lookup: Lookup): ConfValue {
  const token = cursor.peek();
  const value = token?.type === 'name' ? valueOfName(token.text, lookup) : undefined;
  if (value === undefined) {
    throw cursor.unexpected('a string, number, True, False, None, list, dict or the name of a key above');
  }
  cursor.accept('name');
  return value;
}

function valueOfName(name: string, lookup: Lookup): ConfValue | undefined {
  const constant = CONSTANTS.get(name);
  return constant === undefined ? lookup(name) : constant;
}
