import type { Role } from './config.ts';
import { flagOf } from './setting.ts';
import { SETTING_GROUPS } from './settings.ts';

/** A flag of the command line, in the words of `--help`. */
export interface ConfigFlag {
  /** Without the hyphens before it. */
  readonly flag: string;
  readonly description: string;
  /** None for those that need no value, and take one; what is wrong with a value is said by the setting, in full. */
  readonly type: 'string' | undefined;
  /** For reading only: the parser must leave out flags that were not given, or they would hide the file. */
  readonly defaultDescription: string;
  readonly choices: readonly string[] | undefined;
  /** The subject that it belongs to. */
  readonly group: string;
}

/** The flags of a role, or of all roles; secrets have none. */
export function configFlags(role?: Role): ConfigFlag[] {
  return SETTING_GROUPS.flatMap(({ title, settings }) =>
    settings
      .filter(({ roles }) => role === undefined || roles.includes(role))
      .flatMap((setting) => {
        const flag = flagOf(setting);
        if (flag === undefined) return [];
        const { description, kind } = setting;
        return {
          flag,
          description,
          type: kind.type === 'boolean' ? undefined : ('string' as const),
          defaultDescription: setting.default.text,
          choices: kind.choices,
          group: title,
        };
      }),
  );
}
