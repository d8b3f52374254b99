/** A boot loader cannot give these kernel options to the kernel as they are. */
export class UncarriedOptionError extends Error {
  override readonly name = 'UncarriedOptionError';
  /** What the boot loader is called. */
  readonly loader: string;
  /** What it does instead, as the rest of a sentence that begins with its name. */
  readonly because: string;
  /** The option, or what else is wrong with the options. */
  readonly found: string;

  constructor(loader: string, because: string, found: string) {
    super(`${loader} ${because}: ${JSON.stringify(found)}`);
    this.loader = loader;
    this.because = because;
    this.found = found;
  }
}
