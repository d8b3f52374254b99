import { hostname } from 'node:os';
import { ConfigError } from '../errors.ts';
import type { Config, LoadedConfig, SettingName } from './config.ts';
import { readValue } from './read-value.ts';
import type { Setting, Surroundings } from './setting.ts';
import { namedSettings } from './settings.ts';
import { environmentSource, unknownVariables } from './sources/environment-source.ts';
import { DEFAULT_CONFIG_FILE, fileSource } from './sources/file-source.ts';
import { flagSource } from './sources/flag-source.ts';
import type { Given } from './sources/source.ts';

export interface LoadOptions {
  /** The file named by the user, which must exist; otherwise the default one is read if it does. */
  readonly file?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Parsed flags by kebab-case name; undefined where not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Whether log lines go to a person's terminal. */
  readonly isTerminal: boolean;
  readonly hostName?: string;
  readonly defaultFile?: string;
}

/**
 * The configuration from all sources; of defaults, file, environment and flags, the later wins.
 * @throws ConfigError with every problem there is, each naming key, source, what was expected and what was found.
 */
export function loadConfig({
  file,
  env,
  flags,
  isTerminal,
  hostName = hostname(),
  defaultFile = DEFAULT_CONFIG_FILE,
}: LoadOptions): LoadedConfig {
  const settings = namedSettings().map(([, setting]) => setting);
  const fromFile = fileSource(file ?? defaultFile, settings, { isOptional: file === undefined });
  const sources = [flagSource(flags), environmentSource(env), fromFile];

  const draft = startDraft(fromFile.problems);
  for (const [name, setting] of namedSettings()) {
    const given = sources.map((source) => source.find(setting)).find((found) => found !== undefined);
    if (given !== undefined) enter(draft, name, setting, given);
  }
  enterDefaults(draft, { hostName, isTerminal });
  if (draft.problems.length > 0) throw new ConfigError(draft.problems);
  // Each member was read by its own schema; only the compiler cannot see that the loop came by all of them.
  const { values, origins } = draft as { values: Config; origins: LoadedConfig['origins'] };
  return { config: values, origins, warnings: unknownVariables(env, settings) };
}

interface Draft {
  readonly values: Partial<Record<SettingName, unknown>>;
  readonly origins: Partial<Record<SettingName, string>>;
  readonly problems: string[];
}

function startDraft(problems: readonly string[]): Draft {
  return { values: {}, origins: {}, problems: [...problems] };
}

function enter(
  { values, origins, problems }: Draft,
  name: SettingName,
  setting: Setting,
  given: Given,
): void {
  origins[name] = 'problem' in given ? '' : given.origin;
  const result = 'problem' in given ? given : readValue(setting, given);
  if ('problem' in result) problems.push(result.problem);
  else values[name] = result.value;
}

function enterDefaults(draft: Draft, surroundings: Surroundings): void {
  // Defaults depend on what was set, never on each other: their order means nothing.
  const set = { ...draft.values } as Partial<Config>;
  for (const [name, setting] of namedSettings()) {
    if (draft.origins[name] !== undefined) continue;
    const raw = setting.default.from(set, surroundings);
    if (raw === undefined) draft.origins[name] = 'default';
    else enter(draft, name, setting, { raw, origin: 'default' });
  }
}
