/**
 * White space as the hub's language has it (Python's `str.strip` and `str.split`), which decided until now where a setting or an option
 * ends. Unlike JavaScript's, it has no U+FEFF, and has the separators U+001C to U+001F and U+0085.
 */
const WHITE_SPACE = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const GAP = new RegExp(`[${WHITE_SPACE}]+`, 'u');
const IS_WHITE = new RegExp(`^[${WHITE_SPACE}]$`, 'u');

/** The text without white space at its begin and end. */
export function trimmed(text: string): string {
  // By hand: a pattern for the end takes the square of the length on long gaps.
  let begin = 0;
  let end = text.length;
  while (begin < end && IS_WHITE.test(text.charAt(begin))) begin += 1;
  while (end > begin && IS_WHITE.test(text.charAt(end - 1))) end -= 1;
  return text.slice(begin, end);
}

/** The words of the text, which white space separates; none is empty. */
export function wordsOf(text: string): readonly string[] {
  return text.split(GAP).filter((word) => word !== '');
}
