import { fileKeyOf, variableOf } from '../setting.ts';
import type { Setting } from '../setting.ts';
import { nearestName } from './nearest-name.ts';
import { eitherOf } from './source.ts';
import type { Entry, Source } from './source.ts';

/** The environment: `BEAKER_K` for key K, `BEAKER_K_FILE` for a file with a secret; an empty value is none. */
export function environmentSource(env: NodeJS.ProcessEnv): Source {
  const lookUp = (key: string | undefined): Entry | undefined => {
    const name = variableOf(key ?? '');
    const value = env[name];
    return value === undefined || value === '' ? undefined : { raw: value, origin: name };
  };
  return { find: (setting) => eitherOf(setting, lookUp(setting.key), lookUp(fileKeyOf(setting))) };
}

/** A sentence on each variable that looks like one of ours but is not: most likely a slip of the pen. */
export function unknownVariables(env: NodeJS.ProcessEnv, settings: readonly Setting[]): string[] {
  const known = settings
    .flatMap((setting) => [setting.key, fileKeyOf(setting)])
    .filter((key) => key !== undefined)
    .map(variableOf);
  return Object.keys(env)
    .filter((name) => name.startsWith(variableOf('')) && env[name] !== '' && !known.includes(name))
    .map((name) => {
      const nearest = nearestName(name, known);
      const advice = nearest === undefined ? 'it is ignored' : `did you mean ${nearest}?`;
      return `${name} in the environment is no setting: ${advice}`;
    });
}
