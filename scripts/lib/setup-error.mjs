/** The machine lacks something that only its owner can give; the message says what, and how. */
export class SetupError extends Error {
  /** @override */
  name = 'SetupError';
}
