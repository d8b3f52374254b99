import { readFileSync } from 'node:fs';
import { describeError } from '../../errors.ts';
import type { Setting } from '../setting.ts';

/** What a source has for a setting: a value to be validated, or a complete sentence about why there is none. */
export type Given = { readonly raw: unknown; readonly origin: string } | { readonly problem: string };

/** A place where settings come from: the file, the environment or the command line. */
export interface Source {
  find(setting: Setting): Given | undefined;
}

/** One thing that was set, in a source, under some name. */
export interface Entry {
  readonly raw: unknown;
  readonly origin: string;
}

/** Either of a setting itself (`PASSWORD`) or of the name of a file with its value (`PASSWORD_FILE`), but not both. */
export function eitherOf(
  { key }: Setting,
  direct: Entry | undefined,
  byFile: Entry | undefined,
): Given | undefined {
  if (byFile === undefined) return direct;
  if (direct !== undefined) {
    const { origin } = byFile;
    return {
      problem: `${key} (${direct.origin}): expected one value, found another by ${origin}; remove one`,
    };
  }
  return contentOf(key, byFile);
}

function contentOf(key: string, { raw, origin }: Entry): Given {
  if (typeof raw !== 'string')
    return { problem: `${key}_FILE (${origin}): expected a path, found ${typeof raw}` };
  try {
    return { raw: readFileSync(raw, 'utf8').replace(/\r?\n$/, ''), origin: `${origin} → ${raw}` };
  } catch (error) {
    return { problem: `${key}_FILE (${origin}): expected a readable file, found: ${describeError(error)}` };
  }
}
