/**
 * Text that keeps its head and its tail, however much is appended: the first lines say what was tried, the last why it failed.
 * Memory stays within a small multiple of the limit.
 */
export class BoundedOutput {
  readonly #headLimit: number;
  readonly #tailLimit: number;
  #head = '';
  #tail = '';
  #leftOut = 0;

  /** Keeps `limit` characters (UTF-16 units), half of them from the end; the note about the rest comes on top. */
  constructor(limit: number) {
    this.#headLimit = Math.ceil(limit / 2);
    this.#tailLimit = Math.floor(limit / 2);
  }

  append(text: string): void {
    const room = this.#headLimit - this.#head.length;
    this.#head += text.slice(0, room);
    this.#tail += text.slice(room);
    // Cutting at twice the limit, not at each piece, makes a flood of single characters cost no more than one of blocks.
    if (this.#tail.length > 2 * this.#tailLimit) this.#cutTail();
  }

  /** What was kept, with a note between head and tail when something was left out. No character is cut in two. */
  toString(): string {
    this.#cutTail();
    if (this.#leftOut === 0) return this.#head + this.#tail;
    const head = this.#head.replace(/[\uD800-\uDBFF]$/, '');
    const tail = this.#tail.replace(/^[\uDC00-\uDFFF]/, '');
    const leftOut = this.#leftOut + this.#head.length - head.length + this.#tail.length - tail.length;
    return `${head}\n[… ${leftOut} characters left out …]\n${tail}`;
  }

  #cutTail(): void {
    const excess = this.#tail.length - this.#tailLimit;
    if (excess <= 0) return;
    this.#tail = this.#tail.slice(excess);
    this.#leftOut += excess;
  }
}
