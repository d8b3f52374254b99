import { ConfSyntaxError } from './python/conf-value.ts';
import type { ConfValue } from './python/conf-value.ts';
import { readValue } from './python/parse-value.ts';
import { TokenCursor } from './python/token-cursor.ts';
import { splitStatements } from './python/tokens.ts';
import type { Statement } from './python/tokens.ts';

/** What a file assigns to a key, and where. */
export interface ConfEntry {
  readonly value: ConfValue;
  readonly line: number;
}

/** A file that has been read: its plain values by key, and what is wrong with it. */
export interface ParsedConf {
  readonly entries: ReadonlyMap<string, ConfEntry>;
  readonly problems: readonly ConfProblem[];
}

/** Something wrong in a file; `key` is there when it is the value of that key. */
export interface ConfProblem {
  readonly key: string | undefined;
  readonly line: number;
  readonly expected: string;
  readonly found: string;
}

/** Which keys matter: `ignored` ones belong to other daemons, and values of `secret` ones are never shown. */
export type KeyClass = 'known' | 'secret' | 'ignored';

/**
 * Reads the Python-like `labcontroller.conf` without running it. A key that other daemons own may have any value; but
 * then no key that matters may refer to it.
 */
export function parseLabcontrollerConf(text: string, classify: (key: string) => KeyClass): ParsedConf {
  const entries = new Map<string, ConfEntry>();
  const problems: ConfProblem[] = [];
  for (const statement of statementsOf(text, problems)) {
    const key = keyOf(statement);
    if (key === undefined) {
      problems.push(notAnAssignment(statement));
      continue;
    }
    // What was assigned before is no longer true, even when the new value cannot be read.
    const before = entries.get(key);
    entries.delete(key);
    const cursor = new TokenCursor(statement);
    cursor.accept('name');
    try {
      cursor.expectSymbol('=');
      const lookup = (name: string): ConfValue | undefined =>
        (name === key ? before : entries.get(name))?.value;
      entries.set(key, { value: readValue(cursor, lookup), line: statement[0].line });
    } catch (error) {
      if (!(error instanceof ConfSyntaxError)) throw error;
      if (classify(key) !== 'ignored') problems.push(problemOf(key, error, classify(key)));
    }
  }
  return { entries, problems };
}

function statementsOf(text: string, problems: ConfProblem[]): readonly Statement[] {
  try {
    return splitStatements(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (!(error instanceof ConfSyntaxError)) throw error;
    problems.push(problemOf(undefined, error, 'known'));
    return [];
  }
}

/** The key that a statement is about; `import x`, `if x:` and calls are about none. */
function keyOf([first, second]: Statement): string | undefined {
  const isAssignment = second?.type === 'symbol' && !['(', '.', ':'].includes(second.text);
  return first.type === 'name' && isAssignment ? first.text : undefined;
}

// Its text is not shown: it may be the second half of a broken password.
function notAnAssignment([first]: Statement): ConfProblem {
  return { key: undefined, line: first.line, expected: 'KEY = value', found: 'another kind of statement' };
}

function problemOf(
  key: string | undefined,
  { line, expected, found }: ConfSyntaxError,
  keyClass: KeyClass,
): ConfProblem {
  return { key, line, expected, found: keyClass === 'secret' ? 'something that is not shown' : found };
}
