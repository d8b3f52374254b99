const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_SCREEN = '\x1b[2J\x1b[H';
const CLEAR_REST_OF_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** The part of a terminal that is used here. */
export type Terminal = Pick<NodeJS.WriteStream, 'write' | 'columns' | 'rows'>;

/** Lines that are drawn on a terminal again and again in the same place, each over what was there: nothing flickers. */
export class RedrawnLines {
  readonly #terminal: Terminal;
  #drawnLines = 0;
  #drawnWidth = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** How much there is room for. Last column and last row stay free: writing there moves the screen on some terminals. */
  get room(): { readonly width: number; readonly height: number } {
    const { columns, rows } = this.#terminal;
    return { width: columns - 1, height: rows - 1 };
  }

  /** Draws the lines, which are not to be wider than there is room for, and as many of them as fit. */
  draw(lines: readonly string[]): void {
    const { columns } = this.#terminal;
    const shown = lines.slice(0, this.room.height).map((line) => line + CLEAR_REST_OF_LINE);
    this.#terminal.write(`${this.#home(columns)}${shown.join('\n')}\n${CLEAR_BELOW}`);
    this.#drawnLines = shown.length;
  }

  /** Leaves the last picture, and the terminal as it was. */
  close(): void {
    if (this.#drawnLines > 0) this.#terminal.write(`${SHOW_CURSOR}\n`);
  }

  /** Brings the cursor to where the picture begins. A terminal that became narrower has folded the lines: then all is cleared. */
  #home(columns: number): string {
    const isResized = this.#drawnLines > 0 && columns !== this.#drawnWidth;
    this.#drawnWidth = columns;
    if (isResized) return CLEAR_SCREEN;
    return this.#drawnLines === 0 ? `${HIDE_CURSOR}\n` : `\x1b[${this.#drawnLines}A\r`;
  }
}
