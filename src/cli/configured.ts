import { isatty } from 'node:tty';
import { configSecrets } from '../config/config-secrets.ts';
import type { Config, LoadedConfig, Role } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { readEnvironment } from '../config/read-environment.ts';
import { requireFor } from '../config/require-for.ts';
import { createLogger, type Logger } from '../logger.ts';
import { type RoleArguments, textOf } from './role-arguments.ts';

/** What every role starts with. */
export interface Configured {
  readonly config: Config;
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Logger;
}

/** Loads what the role needs, and says on the log what looks like a mistake. @throws ConfigError with all problems */
export function configured(role: Role, args: RoleArguments): Configured {
  const environment = readEnvironment();
  const { config, warnings } = loadFor(args);
  requireFor(role, config);
  const log = createLogger({
    level: config.logLevel,
    format: config.logFormat,
    secrets: configSecrets(config),
  });
  for (const warning of warnings) log.warn('configuration looks odd', { reason: warning });
  return { config, environment, log };
}

/** The configuration from all sources, whatever the role. @throws ConfigError with all problems */
export function loadFor(args: RoleArguments): LoadedConfig {
  return loadConfig({
    file: textOf(args, 'config'),
    env: readEnvironment(),
    flags: args,
    isTerminal: isatty(2),
  });
}
