import type { Secret } from '../secret.ts';

/**
 * Masks a secret in text that arrives in pieces: an occurrence is masked wherever the borders of the pieces fall.
 * What may be the beginning of the secret is held back until the next piece tells.
 */
export class OutputMasker {
  readonly #secret: Secret;
  #held = '';

  constructor(secret: Secret) {
    this.#secret = secret;
  }

  /** The masked text that is settled by now. */
  push(piece: string): string {
    const text = this.#held + piece;
    this.#held = beginningAtTheEnd(text, this.#secret.reveal());
    return this.#secret.mask(text.slice(0, text.length - this.#held.length));
  }

  /** What was held back. When the text was cut short it may be the beginning of the secret, and is masked as if it were. */
  end({ cutShort }: { cutShort: boolean }): string {
    const held = this.#held;
    this.#held = '';
    return cutShort && held !== '' ? this.#secret.mask(this.#secret.reveal()) : held;
  }
}

/** The longest end of `text`, behind the last whole occurrence of `value`, that `value` begins with. */
function beginningAtTheEnd(text: string, value: string): string {
  if (value === '') return '';
  const rest = text.split(value).at(-1) ?? '';
  for (let length = Math.min(rest.length, value.length - 1); length > 0; length -= 1) {
    const end = rest.slice(-length);
    if (value.startsWith(end)) return end;
  }
  return '';
}
