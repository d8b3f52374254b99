import fc from 'fast-check';
import type { ConfScalar, ConfValue } from '../../src/config/python/conf-value.ts';

const scalars: fc.Arbitrary<ConfScalar> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);

/** Any value that the configuration file can hold, and Python text for it: quotes, escapes, line breaks and all. */
export const valuesAsPython: fc.Arbitrary<{ value: ConfValue; text: string }> = fc
  .letrec<{ value: ConfValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      scalars,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(scalars, tie('value')), { maxLength: 4 }).map((pairs) => new Map(pairs)),
    ),
  }))
  .value.chain((value) =>
    fc.infiniteStream(fc.nat(1000)).map((dice) => ({ value, text: write(value, dice) })),
  );

type Dice = Iterator<number, undefined>;

function write(value: ConfValue, dice: Dice): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number') return writeNumber(value);
  if (typeof value === 'string') return writeString(value, dice);
  if (isDict(value)) {
    const pairs = [...value].map(([key, item]) => `${write(key, dice)}:${write(item, dice)}`);
    return `{${join(pairs, dice)}}`;
  }
  const items = value.map((item) => write(item, dice));
  if (roll(dice, 2) === 0) return `[${join(items, dice)}]`;
  return items.length === 1 ? `(${join(items, dice)},)` : `(${join(items, dice)})`;
}

function writeNumber(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  // Without a point or an exponent it would be an integer, which is not rounded.
  return Number.isSafeInteger(value) || /[.e]/.test(text) ? text : `${text}.0`;
}

function isDict(value: object): value is ReadonlyMap<ConfScalar, ConfValue> {
  return value instanceof Map;
}

/** Items with the commas, blanks, comments and line breaks that Python allows inside of brackets. */
function join(items: readonly string[], dice: Dice): string {
  const blanks = ['', ' ', '\n', '\t', ' # a, comment ]\n', '\r\n'];
  return items.map((item) => `${pick(blanks, dice)}${item}${pick(blanks, dice)}`).join(',');
}

function writeString(value: string, dice: Dice): string {
  const quote = pick(["'", '"', "'''", '"""'], dice);
  const body = Array.from(value, (letter) => writeLetter(letter, quote, dice)).join('');
  return `${pick(['', 'u'], dice)}${quote}${body}${quote}`;
}

function writeLetter(letter: string, quote: string, dice: Dice): string {
  const code = letter.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  const mustEscape =
    letter === '\\' || letter === quote[0] || letter === '\r' || (letter === '\n' && quote.length === 1);
  if (!mustEscape && roll(dice, 4) > 0) return letter;
  if (code < 0x100 && roll(dice, 2) === 0) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x1_0000 ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

function pick<T>(choices: readonly T[], dice: Dice): T {
  const choice = choices[roll(dice, choices.length)];
  if (choice === undefined) throw new Error('nothing to choose from');
  return choice;
}

function roll(dice: Dice, sides: number): number {
  const roll = dice.next();
  return roll.done === true ? 0 : roll.value % sides;
}
