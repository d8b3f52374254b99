import { describeError } from '../../errors.ts';
import { readRegularFile } from '../../regular-file.ts';
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

/** Far above any password, token or list of accounts. */
const MAX_SECRET_BYTES = 1_000_000;

function contentOf(key: string, { raw, origin }: Entry): Given {
  if (typeof raw !== 'string')
    return { problem: `${key}_FILE (${origin}): expected a path, found ${typeof raw}` };
  try {
    const text = readRegularFile(raw, { maxBytes: MAX_SECRET_BYTES, followLinks: true }).toString('utf8');
    return { raw: text.replace(/\r?\n$/, ''), origin: `${origin} → ${raw}` };
  } catch (error) {
    return { problem: `${key}_FILE (${origin}): expected a readable file, found: ${describeError(error)}` };
  }
}
