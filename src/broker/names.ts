/** Where commands, dead commands and results of a lab are on the broker; part of the protocol (`docs/protocol.md`). */
export const COMMANDS_EXCHANGE = 'beaker.commands';
export const RESULTS_EXCHANGE = 'beaker.results';

/** Routing key of the commands for a lab. */
export function commandKey(lab: string): string {
  return `beaker.Command.${lab}`;
}

/** Queue from which the workers of a lab take their commands. */
export function commandQueue(lab: string): string {
  return `beaker.commands.${lab}`;
}

/** Queue for the messages of a lab that are no valid commands, for a person to look at. */
export function deadQueue(lab: string): string {
  return `beaker.commands.${lab}.dead`;
}

/** Routing key of the results of a lab. */
export function resultKey(lab: string): string {
  return `beaker.Result.${lab}`;
}
