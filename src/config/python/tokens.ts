import { ConfSyntaxError } from './conf-value.ts';

/** A piece of Python; `text` is as written. `bad` is what no value can contain, like half a string. */
export interface Token {
  readonly type: 'name' | 'number' | 'string' | 'symbol' | 'bad';
  readonly text: string;
  readonly line: number;
}

/** The tokens of one statement; never empty. */
export type Statement = readonly [Token, ...Token[]];

/**
 * Splits text into statements where Python does: at the ends of lines, but not inside of brackets or strings.
 * @throws ConfSyntaxError where a bracket or a long string is never closed, because the rest cannot be split then.
 */
export function splitStatements(text: string): Statement[] {
  const statements: Statement[] = [];
  let tokens: Token[] = [];
  const open: Lexeme[] = [];
  const endStatement = (): void => {
    const [first, ...rest] = tokens;
    if (first !== undefined) statements.push([first, ...rest]);
    tokens = [];
  };
  for (const lexeme of scan(text)) {
    if (lexeme.type === 'end') {
      if (open.length === 0) endStatement();
      continue;
    }
    if (lexeme.type === 'unclosed') throw neverClosed(lexeme.line, lexeme.text.slice(0, 3));
    tokens.push({ ...lexeme, type: lexeme.type });
    if (isSymbol(lexeme, '([{')) open.push(lexeme);
    if (isSymbol(lexeme, ')]}')) open.pop();
  }
  const unclosed = open[0];
  if (unclosed !== undefined) throw neverClosed(unclosed.line, unclosed.text);
  endStatement();
  return statements;
}

interface Lexeme {
  readonly type: Token['type'] | 'end' | 'unclosed';
  readonly text: string;
  readonly line: number;
}

const DIGITS = String.raw`\d(?:_?\d)*`;
const LEXEME = new RegExp(
  [
    String.raw`(?<blank>[ \t\f]+|\\\n|#[^\n]*)`,
    String.raw`(?<end>\n|;)`,
    String.raw`(?<string>[rRuUbB]{0,2}(?:"""(?:\\[^]|[^\\])*?"""|'''(?:\\[^]|[^\\])*?'''))`,
    String.raw`(?<unclosed>"""[^]*|'''[^]*)`,
    String.raw`(?<shortString>[rRuUbB]{0,2}(?:"(?:\\[^]|[^\\"\n])*"|'(?:\\[^]|[^\\'\n])*'))`,
    String.raw`(?<halfString>["'][^\n]*)`,
    String.raw`(?<number>(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:${DIGITS}\.?(?:${DIGITS})?|\.${DIGITS})(?:[eE][+-]?${DIGITS})?)(?![\w.]))`,
    String.raw`(?<name>[A-Za-z_]\w*)`,
    String.raw`(?<badWord>\w+)`,
    String.raw`(?<symbol>[!-~])`,
    String.raw`(?<other>[^])`,
  ].join('|'),
  'gu',
);

function* scan(text: string): Generator<Lexeme> {
  let line = 1;
  for (const { 0: lexeme, groups } of text.replaceAll(/\r\n?/g, '\n').matchAll(LEXEME)) {
    const type = typeOf(groups ?? {});
    if (type !== undefined) yield { type, text: lexeme, line };
    line += lexeme.split('\n').length - 1;
  }
}

function typeOf(groups: Readonly<Record<string, string | undefined>>): Lexeme['type'] | undefined {
  const has = (name: string): boolean => groups[name] !== undefined;
  if (has('blank')) return undefined;
  if (has('shortString')) return 'string';
  for (const type of ['end', 'unclosed', 'string', 'number', 'name', 'symbol'] as const) {
    if (has(type)) return type;
  }
  return 'bad';
}

function isSymbol({ type, text }: Lexeme, symbols: string): boolean {
  return type === 'symbol' && symbols.includes(text);
}

function neverClosed(line: number, opener: string): ConfSyntaxError {
  return new ConfSyntaxError(line, `the ${opener} opened here to be closed`, 'the end of the file');
}
