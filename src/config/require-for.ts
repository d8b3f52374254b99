import { ConfigError } from '../errors.ts';
import type { Config, Role, SettingName } from './config.ts';
import { fileKeyOf, flagOf, variableOf } from './setting.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

/**
 * Checks that what the role cannot do without is there.
 * @throws ConfigError with a sentence for each missing setting: why it is needed and where to set it.
 */
export function requireFor(role: Role, config: Config): void {
  const problems = missingFor(role, config);
  if (problems.length > 0) throw new ConfigError(problems);
}

/** A sentence for each setting that the role cannot do without and that is missing. */
export function missingFor(role: Role, config: Config): readonly string[] {
  return needsOf(role, config)
    .filter(([name]) => isMissing(config[name]))
    .map(([name, reason]) => missing(SETTINGS[name], reason));
}

type Need = readonly [SettingName, string];

function needsOf(role: Role, { authMethod, relayLabs }: Config): readonly Need[] {
  switch (role) {
    case 'worker':
      return [['hubUrl', 'the Beaker server to work for'], ...LOGIN_NEEDS[authMethod]];
    case 'relay':
      return [
        ['hubUrl', 'the Beaker server whose commands are relayed'],
        ['amqpUrls', 'the broker to publish to'],
        // With labs of their own logins, the common one is not used.
        ...(relayLabs.size > 0 ? [] : LOGIN_NEEDS[authMethod]),
      ];
    case 'status':
      return [['amqpUrls', 'the broker on which the workers announce themselves']];
    case 'server':
      return [['serverAccounts', 'at least one lab that may log in']];
    case 'queue':
    case 'clear-netboot':
      return [];
  }
}

const LOGIN_NEEDS: Readonly<Record<Config['authMethod'], readonly Need[]>> = {
  password: [
    ['username', 'an account, because AUTH_METHOD is password'],
    ['password', 'the password of the account, because AUTH_METHOD is password'],
  ],
  oauth2: [['accessToken', 'a token, because AUTH_METHOD is oauth2']],
  // Without a principal and a keytab, the tickets of the user are used.
  krbv: [],
  none: [],
};

function isMissing(value: Config[SettingName]): boolean {
  return (
    value === undefined ||
    (value instanceof Map && value.size === 0) ||
    (Array.isArray(value) && value.length === 0)
  );
}

function missing(setting: Setting, reason: string): string {
  const { key } = setting;
  const flag = flagOf(setting);
  const fileKey = fileKeyOf(setting);
  const places = [
    `${key} in the configuration file`,
    `${variableOf(key)} in the environment`,
    ...(flag === undefined ? [] : [`--${flag}`]),
    ...(fileKey === undefined ? [] : [`the name of a file with it as ${fileKey} or ${variableOf(fileKey)}`]),
  ];
  return `${key}: expected ${reason}, found nothing; set ${places.join(', or ')}`;
}
