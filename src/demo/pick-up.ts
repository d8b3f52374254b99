import type { BoardCommand, Mode } from './board.ts';
import { lanesOf, machineNamed } from './lab.ts';

/** The pick-ups of some commands, in milliseconds; all zero when there are none. */
export interface PickUp {
  readonly count: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

/**
 * How long the commands that had nothing to wait for were queued before they ran: no delay, no rest, and their lanes free when
 * they were queued. With `mode`, only those that were queued while commands came in that way.
 */
export function pickUpOf(commands: readonly BoardCommand[], mode?: Mode): PickUp {
  const times = commands
    .filter((command) => mode === undefined || command.mode === mode)
    .filter((command) => hadNothingToWaitFor(command, commands))
    .flatMap(({ queuedAtMs, startedAtMs }) => (startedAtMs === undefined ? [] : [startedAtMs - queuedAtMs]))
    .sort((one, other) => one - other);
  return {
    count: times.length,
    medianMs: percentile(times, 50),
    p95Ms: percentile(times, 95),
    maxMs: percentile(times, 100),
  };
}

/** The smallest of the ascending values that at least `percent` % of them do not exceed; 0 when there are none. */
export function percentile(ascending: readonly number[], percent: number): number {
  return ascending[Math.max(0, Math.ceil((ascending.length * percent) / 100) - 1)] ?? 0;
}

function hadNothingToWaitFor(command: BoardCommand, commands: readonly BoardCommand[]): boolean {
  const machine = machineNamed(command.fqdn);
  if (command.delayS > 0 || machine.restS > 0) return false;
  const lanes = lanesOf(machine);
  return commands.every(
    ({ id, fqdn, finishedAtMs = Infinity }) =>
      id >= command.id ||
      finishedAtMs < command.queuedAtMs ||
      !lanesOf(machineNamed(fqdn)).some((lane) => lanes.includes(lane)),
  );
}
