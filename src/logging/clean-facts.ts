import { types } from 'node:util';
import { describeError } from '../errors.ts';
import type { Secret } from '../secret.ts';
import { cutText, MAX_TEXT } from './cut-text.ts';

const MAX_DEPTH = 6;
const MAX_MEMBERS = 100;
const MAX_KEY = 100;
/** Of all texts of a line together. */
const MAX_LINE = 10_000;
const MORE = '…';

const SECRET_KEY = /passw|secret|token|credential|authorization|cookie/i;

/**
 * The facts as plain JSON values: without secrets, and cut to what a line may hold, whatever they are. Only what is kept is copied. Never
 * throws: a fact may be anything, and no work ends for the sake of a log line.
 */
export function cleanFacts(facts: object, secrets: readonly Secret[]): Readonly<Record<string, unknown>> {
  const cleaner = new Cleaner(secrets);
  return cleaner.members(facts, 0);
}

class Cleaner {
  readonly #secrets: readonly Secret[];
  /** Characters that the line may still get. */
  #room = MAX_LINE;

  constructor(secrets: readonly Secret[]) {
    this.#secrets = secrets;
  }

  members(value: object, depth: number): Record<string, unknown> {
    const clean: Record<string, unknown> = {};
    let count = 0;
    // Not `Object.entries`, which would copy everything first.
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue;
      count += 1;
      if (count > MAX_MEMBERS || this.#room <= 0) {
        clean[MORE] = 'more members';
        break;
      }
      const member = guarded(() => (value as Record<string, unknown>)[key]);
      clean[this.#text(key, MAX_KEY)] =
        SECRET_KEY.test(key) && member !== null && member !== undefined
          ? '[redacted]'
          : this.#value(member, depth + 1);
    }
    return clean;
  }

  #value(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#text(value, MAX_TEXT);
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'number') return this.#number(value);
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    return guarded(() => this.#object(value, depth));
  }

  #object(value: object, depth: number): unknown {
    if (depth > MAX_DEPTH) return MORE;
    if (types.isNativeError(value)) return this.#text(describeError(value), MAX_TEXT);
    // Before `toJSON`: that of a Buffer lists its bytes.
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (hasJson(value)) {
      const json = value.toJSON();
      return json === value ? this.members(value, depth) : this.#value(json, depth + 1);
    }
    return Array.isArray(value) ? this.#items(value, depth) : this.members(value, depth);
  }

  #items(values: readonly unknown[], depth: number): readonly unknown[] {
    const clean: unknown[] = [];
    for (const value of values) {
      if (clean.length === MAX_MEMBERS || this.#room <= 0) {
        clean.push(`${MORE} and ${values.length - clean.length} more`);
        break;
      }
      clean.push(this.#value(value, depth + 1) ?? null);
    }
    return clean;
  }

  #number(value: number): number | null {
    this.#room -= 8;
    return Number.isFinite(value) ? value : null;
  }

  #text(text: string, max: number): string {
    const cut = cutText(text, this.#secrets, Math.min(max, Math.max(0, this.#room)));
    this.#room -= cut.length;
    return cut;
  }
}

function hasJson(value: object): value is { toJSON: () => unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

/** What a getter or `toJSON` of others gives; a mark when it throws. */
function guarded(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return '[unreadable]';
  }
}
