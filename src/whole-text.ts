/** Stands for a character that was lost on the way. */
export const LOST = '\uFFFD';

/** What XML 1.0 cannot carry in any form: most control characters, two non-characters, and halves of surrogate pairs. */
export const FORBIDDEN_IN_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;

/**
 * Whether a text can come through XML as it is, and did: it holds neither what XML 1.0 forbids nor a character that stands for a lost one. Any other
 * may differ from what its author wrote, so a password or a kernel option must not be made of it.
 */
export function isWholeText(text: string): boolean {
  return !text.includes(LOST) && text.search(FORBIDDEN_IN_XML) === -1;
}
