import { flagOf } from '../setting.ts';
import type { Source } from './source.ts';

/** The command line, as parsed: flags without hyphens before them, undefined where not given. */
export function flagSource(flags: Readonly<Record<string, unknown>>): Source {
  return {
    find: (setting) => {
      const flag = flagOf(setting);
      const raw = flag === undefined ? undefined : flags[flag];
      return raw === undefined ? undefined : { raw, origin: `--${flag ?? ''}` };
    },
  };
}
