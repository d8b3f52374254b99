import { readEnvironment } from '../config/read-environment.ts';
import { ConfigError } from '../errors.ts';
import type { RoleArguments } from './role-arguments.ts';

/**
 * Insists, when run through sudo, that nothing but the `allowed` arguments is given: who may run a command as root is not to say which
 * files it works on, neither by flags nor by the environment. sudo's own patterns for arguments cannot see to that: `*` matches spaces.
 * @throws ConfigError naming what is too much
 */
export function refuseUnderSudo(args: RoleArguments, allowed: readonly string[]): void {
  const environment = readEnvironment();
  if (environment['SUDO_UID'] === undefined) return;
  const own = new Set([...allowed, '_', '$0']);
  const flags = Object.keys(args).filter((name) => !own.has(name) && args[name] !== undefined);
  const variables = Object.keys(environment).filter((name) => name.startsWith('BEAKER_'));
  const tooMuch = [...flags.map((name) => `--${name}`), ...variables];
  if (tooMuch.length === 0) return;
  throw new ConfigError([
    `through sudo, expected nothing but ${allowed.join(', ')}, found ${tooMuch.join(', ')}; ` +
      'the rest is read from /etc/beaker/labcontroller.conf, or run it as root without sudo',
  ]);
}
