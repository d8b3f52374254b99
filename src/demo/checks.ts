import type { BoardCommand } from './board.ts';
import { checkLaneOrder } from './lane-order.ts';
import { mustFail } from './morning.ts';

/** Something that must hold after the show, and whether it does. */
export interface Check {
  readonly isMet: boolean;
  readonly text: string;
}

/** Looks at the history of the show, and at how server and worker ended. */
export function checksOf(
  commands: readonly BoardCommand[],
  exits: readonly (number | NodeJS.Signals)[],
): readonly Check[] {
  return [outcomes(commands), order(commands), orderlyEnd(exits)];
}

function outcomes(commands: readonly BoardCommand[]): Check {
  const wrong = commands.filter((command) => command.status !== (mustFail(command) ? 'Failed' : 'Completed'));
  const failing = commands.filter(mustFail).length;
  if (wrong.length === 0) {
    const text = `${commands.length - failing} completed, ${failing} failed as it had to`;
    return { isMet: true, text: `${commands.length} commands: ${text}` };
  }
  const found = wrong.map(({ id, fqdn, action, status, message }) =>
    [`#${id} ${fqdn} ${action} ${status}`, message].filter((part) => part !== '').join(': '),
  );
  return { isMet: false, text: `not as expected: ${found.join('; ')}` };
}

function order(commands: readonly BoardCommand[]): Check {
  const { laneCount, breaches } = checkLaneOrder(commands);
  const kept = `${laneCount} lanes: in each, one command at a time, in the order in which they were queued`;
  return { isMet: breaches.length === 0, text: breaches.length === 0 ? kept : breaches.join('; ') };
}

function orderlyEnd(exits: readonly (number | NodeJS.Signals)[]): Check {
  const isMet = exits.every((exit) => exit === 0);
  const text = isMet
    ? 'worker and server stopped in an orderly way'
    : `worker and server: expected exit codes 0, found ${exits.join(' and ')}`;
  return { isMet, text };
}
