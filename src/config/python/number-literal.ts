import { ConfSyntaxError } from './conf-value.ts';
import type { Token } from './tokens.ts';

/**
 * The value of a number token.
 * @throws ConfSyntaxError where Python 2 and 3 disagree (`0777`), and for whole numbers that would be rounded.
 */
export function numberValue({ text, line }: Token): number {
  const digits = text.replaceAll('_', '');
  if (/^0\d+$/.test(digits) && Number(digits) !== 0) {
    throw new ConfSyntaxError(
      line,
      `a number without leading zeros, or \`0o…\` for an octal one`,
      `\`${text}\``,
    );
  }
  const value = Number(digits);
  const isWhole = /^(?:\d+|0[xob].*)$/i.test(digits);
  if (!Number.isFinite(value) || (isWhole && !Number.isSafeInteger(value))) {
    throw new ConfSyntaxError(line, 'a number of less than 2^53', `\`${text}\``);
  }
  return value;
}
