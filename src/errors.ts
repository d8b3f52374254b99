import { types } from 'node:util';

/** Configuration or command line is wrong; `problems` holds one complete sentence each. Exit code 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** A command that cannot be decoded. `id` is there when the sender could at least be understood that far. */
export class InvalidCommandError extends Error {
  override readonly name = 'InvalidCommandError';
  readonly id: number | undefined;

  constructor(message: string, id?: number) {
    super(message);
    this.id = id;
  }
}

/** An action that did not succeed. `systemBroken` says whether the system itself is to blame (then the hub may mark it Broken). */
export class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError';
  readonly systemBroken: boolean;

  constructor(message: string, options: { systemBroken: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.systemBroken = options.systemBroken;
  }
}

/** An action that was cut short because the worker is stopping: neither a success nor anybody's failure. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** The text of whatever was thrown, with the chain of causes: `fetch failed: connect ECONNREFUSED 127.0.0.1:80`. */
export function describeError(thrown: unknown): string {
  // Under Jest, errors of Node's core come from another realm, where `instanceof Error` does not hold.
  if (!(thrown instanceof Error) && !types.isNativeError(thrown)) return String(thrown);
  const own = thrown.message === '' ? (errorCode(thrown) ?? thrown.name) : thrown.message;
  if (thrown.cause === undefined) return own;
  const cause = describeError(thrown.cause);
  return own.includes(cause) ? own : `${own}: ${cause}`;
}

/** The `code` of a system or library error (`ECONNREFUSED`, `UND_ERR_SOCKET`), when it has one. */
export function errorCode(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/**
 * `text` with at most `limit` characters (UTF-16 units), of which a note says how many were left out: the head says what was tried, the
 * tail why it failed. No character is cut in two.
 */
export function boundedText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = limit - ` [… ${text.length} characters left out …] `.length;
  const head = text.slice(0, Math.ceil(kept / 2)).replace(/[\uD800-\uDBFF]$/, '');
  const tail = text.slice(text.length - Math.floor(kept / 2)).replace(/^[\uDC00-\uDFFF]/, '');
  return `${head} [… ${text.length - head.length - tail.length} characters left out …] ${tail}`;
}
