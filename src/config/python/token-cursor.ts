import { ConfSyntaxError } from './conf-value.ts';
import type { Statement, Token } from './tokens.ts';

/** A place in a statement, moving from token to token. */
export class TokenCursor {
  readonly #tokens: Statement;
  #position = 0;

  constructor(tokens: Statement) {
    this.#tokens = tokens;
  }

  /** The line of the next token, or of the last one at the end. */
  get line(): number {
    return (this.peek() ?? this.#tokens.at(-1) ?? this.#tokens[0]).line;
  }

  peek(): Token | undefined {
    return this.#tokens[this.#position];
  }

  /** The next token when it is of this type, and moves past it. */
  accept(type: Token['type']): Token | undefined {
    const token = this.peek();
    if (token?.type !== type) return undefined;
    this.#position += 1;
    return token;
  }

  /** Whether this symbol comes next; moves past it then. */
  acceptSymbol(symbol: string): boolean {
    if (!this.isAt(symbol)) return false;
    this.#position += 1;
    return true;
  }

  /** Whether this symbol comes next. */
  isAt(symbol: string): boolean {
    const token = this.peek();
    return token?.type === 'symbol' && token.text === symbol;
  }

  /** @throws ConfSyntaxError unless this symbol comes next. */
  expectSymbol(symbol: string): void {
    if (!this.acceptSymbol(symbol)) throw this.unexpected(`\`${symbol}\``);
  }

  /** @throws ConfSyntaxError unless everything has been read. */
  expectEnd(): void {
    if (this.peek() !== undefined) throw this.unexpected('the end of the line');
  }

  /** The error for a next token that is not what was expected; never shows the content of a string. */
  unexpected(expected: string): ConfSyntaxError {
    return new ConfSyntaxError(this.line, expected, describe(this.peek()));
  }
}

function describe(token: Token | undefined): string {
  if (token === undefined) return 'the end of the line';
  if (token.type === 'string') return 'a string';
  if (/^["']/.test(token.text)) return 'a string without its closing quote';
  return `\`${token.text}\``;
}
