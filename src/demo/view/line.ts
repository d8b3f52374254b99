/** How a piece of text looks on a terminal that has colours. */
export type Style = keyof typeof CODES;

export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** A line of a view, before it is known how wide the terminal is and whether it has colours. */
export type Line = readonly Span[];

const CODES = { plain: 0, bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export const plain = (text: string): Span => ({ text, style: 'plain' });
export const bold = (text: string): Span => ({ text, style: 'bold' });
export const dim = (text: string): Span => ({ text, style: 'dim' });
export const red = (text: string): Span => ({ text, style: 'red' });
export const green = (text: string): Span => ({ text, style: 'green' });
export const yellow = (text: string): Span => ({ text, style: 'yellow' });
export const cyan = (text: string): Span => ({ text, style: 'cyan' });

/** How many columns the line takes; every character that the views use takes one. */
export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + text.length, 0);
}

/** `left`, and `right` at the end of a line of `width` columns, or directly after `left` when that is too narrow. */
export function spread(left: Line, right: Line, width: number): Line {
  const gap = Math.max(2, width - widthOf(left) - widthOf(right));
  return [...left, plain(' '.repeat(gap)), ...right];
}

/** The line as it is written to a terminal: at most `width` columns of it, with colours or without. */
export function paint(line: Line, { width, isColoured }: { width: number; isColoured: boolean }): string {
  let room = width;
  let painted = '';
  for (const { text, style } of line) {
    const shown = text.slice(0, Math.max(0, room));
    room -= shown.length;
    if (shown === '') continue;
    painted += isColoured && style !== 'plain' ? `\x1b[${CODES[style]}m${shown}\x1b[0m` : shown;
  }
  return painted;
}
