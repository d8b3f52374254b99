import { setMaxListeners } from 'node:events';
import type { Action, Command } from '../command.ts';
import type { ActionContext, ActionFunction } from './action-context.ts';
import { clearLogs } from './clear-logs.ts';
import { clearNetboot } from './clear-netboot.ts';
import { configureNetboot } from './configure-netboot.ts';
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
  clear_logs: clearLogs,
  configure_netboot: configureNetboot,
  clear_netboot: clearNetboot,
};
