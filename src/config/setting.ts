import type { Config, Role, SettingName } from './config.ts';
import type { Kind } from './kinds/kind.ts';

/** What defaults may depend on beside other settings. */
export interface Surroundings {
  readonly hostName: string;
  /** Whether log lines go to a person's terminal. */
  readonly isTerminal: boolean;
}

/** The value of a setting that nobody set: as a source would give it, so that it is validated like any other. */
export interface Default {
  /** For the documentation. */
  readonly text: string;
  readonly from: (set: Partial<Config>, surroundings: Surroundings) => unknown;
}

/** One key of the configuration: its name, how it is read, whom it concerns, and what it is when nobody sets it. */
export interface Setting<T = unknown> {
  /** Its name in the file; with `BEAKER_` before it, the environment variable. */
  readonly key: string;
  /** One sentence, with the unit. */
  readonly description: string;
  readonly kind: Kind<T>;
  readonly roles: readonly Role[];
  readonly default: Default;
  /** Whether it has no flag although it is not secret, because nobody would change it from one start to the next. */
  readonly isFlagless?: true;
}

/** A description of every member of `Config`. */
export type Settings = {
  readonly [Name in SettingName]-?: Setting<Exclude<Config[Name], undefined>>;
};

/** The same default everywhere. */
export function fixed(value: string | number | boolean): Default {
  return { text: String(value), from: () => value };
}

/** No default: the setting stays undefined. */
export const unset: Default = { text: '–', from: () => undefined };

/** A default that depends on other settings or on the surroundings, in the words of `text`. */
export function derived(text: string, from: Default['from']): Default {
  return { text, from };
}

/** The name of the environment variable of a key of the file. */
export function variableOf(key: string): string {
  return `BEAKER_${key}`;
}

/** The flag of a setting, without its hyphens; secrets have none, because everybody can read a command line. */
export function flagOf({ key, kind, isFlagless }: Setting): string | undefined {
  if (kind.isSecret || isFlagless === true) return undefined;
  return key.toLowerCase().replaceAll('_', '-');
}

/** The key that names a file with the value of a secret setting. */
export function fileKeyOf({ key, kind }: Setting): string | undefined {
  return kind.isSecret ? `${key}_FILE` : undefined;
}
