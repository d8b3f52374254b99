import { describeError, errorCode } from '../../errors.ts';
import { readRegularFile } from '../../regular-file.ts';
import { parseLabcontrollerConf } from '../labcontroller-conf.ts';
import type { KeyClass } from '../labcontroller-conf.ts';
import { fileKeyOf } from '../setting.ts';
import type { Setting } from '../setting.ts';
import { eitherOf } from './source.ts';
import type { Entry, Source } from './source.ts';

export const DEFAULT_CONFIG_FILE = '/etc/beaker/labcontroller.conf';

/** Far above any configuration. */
const MAX_BYTES = 4_000_000;

/** A file as a source, and one complete sentence for each thing that is wrong with it. */
export interface FileSource extends Source {
  readonly problems: readonly string[];
}

/** Reads `file`, which must exist unless it `isOptional`; None in it counts as not set. */
export function fileSource(
  file: string,
  settings: readonly Setting[],
  { isOptional }: { isOptional: boolean },
): FileSource {
  let text: string;
  try {
    text = readRegularFile(file, { maxBytes: MAX_BYTES, followLinks: true }).toString('utf8');
  } catch (error) {
    if (isOptional && errorCode(error) === 'ENOENT') return empty([]);
    return empty([`${file}: expected a readable configuration file, found: ${describeError(error)}`]);
  }
  const { entries, problems } = parseLabcontrollerConf(text, classifier(settings));
  const lookUp = (key: string | undefined): Entry | undefined => {
    const entry = key === undefined ? undefined : entries.get(key);
    if (entry === undefined || entry.value === null) return undefined;
    return { raw: entry.value, origin: `${file}:${entry.line}` };
  };
  return {
    problems: problems.map(({ key, line, expected, found }) => {
      const place = key === undefined ? `${file}:${line}` : `${key} (${file}:${line})`;
      return `${place}: expected ${expected}, found ${found}`;
    }),
    find: (setting) => eitherOf(setting, lookUp(setting.key), lookUp(fileKeyOf(setting))),
  };
}

function empty(problems: readonly string[]): FileSource {
  return { problems, find: () => undefined };
}

function classifier(settings: readonly Setting[]): (key: string) => KeyClass {
  const classes = new Map<string, KeyClass>();
  for (const setting of settings) {
    classes.set(setting.key, setting.kind.isSecret ? 'secret' : 'known');
    const fileKey = fileKeyOf(setting);
    if (fileKey !== undefined) classes.set(fileKey, 'known');
  }
  return (key) => classes.get(key) ?? 'ignored';
}
