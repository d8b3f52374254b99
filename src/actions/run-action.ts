import { setMaxListeners } from 'node:events';
import type { Action, Command } from '../command.ts';
import { CommandFailedError } from '../errors.ts';
import type { ActionContext, ActionFunction } from './action-context.ts';
import { powerAction } from './power/power-action.ts';

/**
 * Does what the command asks for.
 * @throws CommandFailedError when it cannot be done; InterruptedError when a stop came first.
 */
export async function runAction(command: Command, context: ActionContext): Promise<void> {
  // All actions listen to the same two signals: many listeners are no leak, of which Node would warn.
  setMaxListeners(Infinity, context.stopping, context.killing);
  await ACTION_FUNCTIONS[command.action](command, context);
}

const ACTION_FUNCTIONS: Readonly<Record<Action, ActionFunction>> = {
  on: powerAction,
  off: powerAction,
  reboot: powerAction,
  interrupt: powerAction,
  clear_logs: notSupported,
  configure_netboot: notSupported,
  clear_netboot: notSupported,
};

function notSupported({ action }: Command): Promise<never> {
  throw new CommandFailedError(
    `${action} is not supported by this version of beaker-provision, which does on, off, reboot and interrupt; ` +
      'let a lab controller that supports it run the command',
    { systemBroken: false },
  );
}
