import type { Command } from '../command.ts';

/** What the start of a command depends on besides its lanes; all in milliseconds of one steady clock. */
export interface StartFacts {
  /** When the command arrived: its delay counts from there. */
  readonly receivedAt: number;
  /** When it became first in all its lanes. */
  readonly firstAt: number;
  /** When the last command that switched this system's power ended, if that is known since the machine started. */
  readonly lastPowerEnd: number | undefined;
}

/**
 * The earliest moment, in milliseconds of the same clock, at which a command may start: its delay is over, and, for `on` and
 * `off`, its system has rested. When nobody knows how long the system has rested already, it rests the whole period.
 */
export function earliestStart(command: Command, { receivedAt, firstAt, lastPowerEnd }: StartFacts): number {
  // Neither takes longer than the whole of it, whatever a journal says of an arrival or a last end that would be still to come.
  const delayed = Math.min(receivedAt, firstAt) + command.delayS * 1000;
  if (!needsRest(command)) return delayed;
  const restsSince = Math.min(lastPowerEnd ?? firstAt, firstAt);
  return Math.max(delayed, restsSince + command.quiescentPeriodS * 1000);
}

/** Whether the end of this command begins a system's rest: it switched the power, or may have. */
export function beginsRest({ action }: Pick<Command, 'action'>): boolean {
  return action === 'on' || action === 'off' || action === 'reboot';
}

function needsRest(command: Command): boolean {
  return command.quiescentPeriodS > 0 && (command.action === 'on' || command.action === 'off');
}
