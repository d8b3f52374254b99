import type { Secret } from '../secret.ts';

/** A text longer than this is cut to its head and its tail. */
export const MAX_TEXT = 2_000;
/** What is looked at of each end of a text, since a text may be longer than what can be masked in a moment. */
const WINDOW = 32_000;

type Masking = Pick<Secret, 'mask' | 'length'>;

/** `text` without secrets, and at most `max` characters of it: its head, how much is left out, its tail. */
export function cutText(text: string, secrets: readonly Masking[], max = MAX_TEXT): string {
  if (text.length <= 2 * WINDOW) {
    const masked = maskAll(text, secrets);
    return masked.length <= max ? masked : joined(masked, masked, text.length, max);
  }
  // At the inner edge of a window a secret may be cut through, and is not masked then: that much of the edge is left out.
  const edge = Math.max(0, ...secrets.map((secret) => secret.length - 1));
  const head = maskAll(text.slice(0, WINDOW), secrets);
  const tail = maskAll(text.slice(-WINDOW), secrets);
  return joined(head.slice(0, Math.max(0, head.length - edge)), tail.slice(edge), text.length, max);
}

/** `text` with all secrets masked. */
function maskAll(text: string, secrets: readonly Masking[]): string {
  return secrets.reduce((masked, secret) => secret.mask(masked), text);
}

function joined(head: string, tail: string, length: number, max: number): string {
  const half = Math.floor(max / 2);
  return `${head.slice(0, half)} [… of ${length} characters …] ${tail.slice(Math.max(0, tail.length - half))}`;
}
