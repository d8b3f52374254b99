import { inspect } from 'node:util';

const REDACTED = '[redacted]';

/** A value that never prints: not in a string, not as JSON, not under `util.inspect`. Only `reveal` gives it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself; call this where the value leaves the process, and nowhere else. */
  reveal(): string {
    return this.#value;
  }

  /** How many characters it has, for those who cut a text and must not leave a part of it. */
  get length(): number {
    return this.#value.length;
  }

  /** `text` with every occurrence of this value replaced by eight asterisks. An empty secret masks nothing. */
  mask(text: string): string {
    return this.#value === '' ? text : text.replaceAll(this.#value, '********');
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [inspect.custom](): string {
    return REDACTED;
  }
}
