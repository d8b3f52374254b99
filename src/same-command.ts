import type { Command } from './command.ts';

/** What a command is known by besides its id, which a hub that was set up anew gives to another. */
export type CommandIdentity = Pick<Command, 'fqdn' | 'action'>;

/** Whether two commands with one id are the same, as far as that can be told. */
export function isSameCommand(one: CommandIdentity, other: CommandIdentity): boolean {
  return one.action === other.action && one.fqdn.toLowerCase() === other.fqdn.toLowerCase();
}
