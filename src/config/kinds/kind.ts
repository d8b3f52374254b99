import type * as z from 'zod';

/** A kind of value: how it is read from any source, and how it is shown to people. */
export interface Kind<T> {
  /** What the documentation calls it: `seconds`, `boolean`, … */
  readonly type: string;
  /** What a value must be, to go after the word "expected". */
  readonly expected: string;
  /** Reads what a source gives: text from the environment and the command line, any plain value from the file. */
  readonly schema: z.ZodType<T>;
  /** Whether its values must never be seen; then `show` hides what matters. */
  readonly isSecret: boolean;
  show(value: T): string;
  /** The values to choose from, when they are few. */
  readonly choices?: readonly string[];
}
