/**
 * Characters that steer a terminal instead of showing something, or hide what a line really says: all controls (C0, DEL, C1), invisible
 * ones (bidirectional overrides, soft hyphens, tags), line and paragraph separators, halves of a character.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** `text` with each unprintable character written as JSON does, `\u001b`: on one line, and harmless on every terminal. */
export function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, escaped);
}

/** As `printable`, but the text keeps its lines and tabs. */
export function printableText(text: string): string {
  return text.replaceAll(UNPRINTABLE, (found) => (found === '\n' || found === '\t' ? found : escaped(found)));
}

/** `text` with a question mark for each unprintable character, so that columns stay columns. */
export function printableCell(text: string): string {
  return text.replaceAll(UNPRINTABLE, '?');
}

/** Whether every character of `text` shows itself. */
export function isPrintable(text: string): boolean {
  return text.search(UNPRINTABLE) === -1;
}

function escaped(found: string): string {
  return Array.from({ length: found.length }, (_none, at) => {
    const unit = found.charCodeAt(at).toString(16).padStart(4, '0');
    return `\\u${unit}`;
  }).join('');
}
