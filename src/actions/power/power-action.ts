import type { Command, PowerSettings } from '../../command.ts';
import { CommandFailedError, InterruptedError } from '../../errors.ts';
import { wait } from '../../wait.ts';
import type { ActionContext } from '../action-context.ts';
import { powerScript } from './power-script.ts';
import { POWER_TIMING } from './power-timing.ts';

/** Switches the system on or off, reboots it (off, pause, on), or sends it an interrupt. */
export async function powerAction(command: Command, context: ActionContext): Promise<void> {
  const { action, fqdn, power } = command;
  if (power === undefined) {
    throw new CommandFailedError(
      `${fqdn} has no power settings, which ${action} needs; set them for the system`,
      {
        systemBroken: true,
      },
    );
  }
  switch (action) {
    case 'on':
    case 'off':
    case 'interrupt':
      return powerScript(action, power, context);
    case 'reboot':
      if (context.reboot.isOff) return powerScript('on', power, context, { isOwed: true });
      await powerScript('off', power, context);
      context.reboot.switchedOff();
      return switchOnAgain(fqdn, power, context);
    case 'clear_logs':
    case 'configure_netboot':
    case 'clear_netboot':
      throw new Error(`expected a power action, found ${action}`);
  }
}

/** A stop does not leave the system off if it can be helped: the pause is kept, and one attempt is made even then. */
async function switchOnAgain(fqdn: string, power: PowerSettings, context: ActionContext): Promise<void> {
  const { killing, timing = POWER_TIMING } = context;
  if (!(await wait(timing.rebootPauseMs, killing))) {
    throw new InterruptedError(`${fqdn} is off: its reboot was stopped before it was switched on again`);
  }
  await powerScript('on', power, context, { isOwed: true });
}
