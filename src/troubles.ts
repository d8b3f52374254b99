const KEPT = 10;
const TEXT_LENGTH = 300;

/**
 * What an admin should look at, for as long as it lasts: one sentence a subject, which `status` shows at the top. It says what is wrong,
 * where, and what to do.
 */
export class Troubles {
  readonly #texts = new Map<string, string>();
  readonly #onChange: () => void;

  /** Calls `onChange` when a trouble begins, changes or ends. */
  constructor(onChange: () => void = () => undefined) {
    this.#onChange = onChange;
  }

  /** The trouble with the subject `key` is `text`, of which 300 characters are kept. */
  set(key: string, text: string): void {
    const kept = text.length > TEXT_LENGTH ? `${text.slice(0, TEXT_LENGTH - 1)}…` : text;
    if (this.#texts.get(key) === kept) return;
    this.#texts.set(key, kept);
    this.#onChange();
  }

  /** The trouble with the subject `key` is over, or there was none. */
  clear(key: string): void {
    if (this.#texts.delete(key)) this.#onChange();
  }

  /** The troubles in the order in which they began; of more than ten the first nine, and how many more there are. */
  list(): readonly string[] {
    const texts = [...this.#texts.values()];
    if (texts.length <= KEPT) return texts;
    return [...texts.slice(0, KEPT - 1), `${texts.length - KEPT + 1} more troubles; see the log`];
  }
}
