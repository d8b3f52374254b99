/** A value that can be written in `labcontroller.conf`; tuples are read as lists. */
export type ConfValue = ConfScalar | readonly ConfValue[] | ReadonlyMap<ConfScalar, ConfValue>;

/** What a dict can have as key. */
export type ConfScalar = string | number | boolean | null;

/** Text that is not the Python that we read. */
export class ConfSyntaxError extends Error {
  override readonly name = 'ConfSyntaxError';
  readonly line: number;
  readonly expected: string;
  readonly found: string;

  constructor(line: number, expected: string, found: string) {
    super(`line ${line}: expected ${expected}, found ${found}`);
    this.line = line;
    this.expected = expected;
    this.found = found;
  }
}
