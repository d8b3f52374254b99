import { ConfigError } from '../errors.ts';
import { configured } from './configured.ts';
import { runQueueCommand } from './queue-command.ts';
import { type RoleArguments, type RoleSurroundings, textOf } from './role-arguments.ts';

/** `beaker-provision queue`: queues commands with the first account that is configured. */
export async function queueRole(args: RoleArguments, { signals, output }: RoleSurroundings): Promise<number> {
  signals.endByHangUp();
  const { config } = configured('queue', args);
  const [account] = config.serverAccounts;
  if (account === undefined) {
    throw new ConfigError([
      'queue needs an account of the server: set USERNAME and PASSWORD, or SERVER_ACCOUNTS',
    ]);
  }
  const [user, password] = account;
  const { fqdn, actions, wait, json } = args;
  const delay = textOf(args, 'delay');
  return runQueueCommand({
    args: [String(fqdn), ...(Array.isArray(actions) ? actions.map(String) : [])],
    serverUrl: config.serverUrl,
    user,
    password,
    delayS: delay === undefined ? undefined : seconds(delay),
    wait: wait === true,
    json: json === true,
    out: output.stream,
    signal: AbortSignal.any([signals.stopping, output.gone]),
  });
}

function seconds(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new ConfigError([`--delay: expected seconds like 30 or 1.5, found ${JSON.stringify(text)}`]);
}
