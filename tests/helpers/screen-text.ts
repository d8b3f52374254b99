/** What a terminal shows after `written`, as far as our views move about: up, to the start, clear, colours. */
export function screenText(written: string): readonly string[] {
  const screen: string[] = [''];
  let row = 0;
  let column = 0;
  for (const [token] of written.matchAll(/\x1b\[\??[\d;]*[A-Za-z]|\r|\n|[^\x1b\r\n]+/g)) {
    if (token === '\r') column = 0;
    else if (token === '\n') {
      row += 1;
      column = 0;
      screen[row] ??= '';
    } else if (token.startsWith('\x1b[')) {
      if (token.endsWith('A')) row -= Number(token.slice(2, -1));
      if (token === '\x1b[K') screen[row] = (screen[row] ?? '').slice(0, column);
      if (token === '\x1b[J') screen.length = row + 1;
      if (token === '\x1b[H') row = column = 0;
      if (token === '\x1b[2J') screen.fill('');
      if (row < 0) throw new Error('the cursor left the screen');
    } else {
      const line = (screen[row] ?? '').padEnd(column);
      screen[row] = line.slice(0, column) + token + line.slice(column + token.length);
      column += token.length;
    }
  }
  return screen;
}
