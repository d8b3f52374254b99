/**
 * `text` as it may stand in a message or a log: on one line, without control characters, and of at most `maxLength` characters
 * (300 unless given), of which the last is `…` when something is cut off. For what others say: they may say anything, at any length.
 */
export function excerpt(text: string, maxLength = 300): string {
  // A slice keeps the whole of what it is cut from in memory; the way through bytes makes a copy.
  const start = Buffer.from(text.slice(0, maxLength + 1), 'utf16le').toString('utf16le');
  const line = start.replace(/\s+/g, ' ').trim().replace(UNPRINTABLE, '\uFFFD');
  return text.length > maxLength ? `${line.slice(0, maxLength - 1).replace(HALF, '')}…` : line;
}

// Controls, what turns the direction of a line, and halves of characters.
const UNPRINTABLE = /[\p{Cc}\u202A-\u202E\u2066-\u2069]|\p{Surrogate}/gu;
const HALF = /[\uD800-\uDBFF]$/;
