import { randomUUID } from 'node:crypto';

/** What a lab has on the broker; part of the protocol (`docs/protocol.md`). */
export const COMMANDS_EXCHANGE = 'beaker.commands';
export const RESULTS_EXCHANGE = 'beaker.results';
export const WORKERS_EXCHANGE = 'beaker.workers';

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

/** Routing key of what the workers of a lab say about themselves. */
export function workerKey(lab: string): string {
  return `beaker.Worker.${lab}`;
}

/** Routing key of what the relays of a lab say about themselves. */
export function relayKey(lab: string): string {
  return `beaker.Relay.${lab}`;
}

/** Routing key of the question to all of a lab: who is there? */
export function askKey(lab: string): string {
  return `beaker.Ask.${lab}`;
}

/** Exclusive queue whose owner is the one relay of the lab that works. */
export function relayLock(lab: string): string {
  return `beaker.relay.${lab}`;
}

/** A queue of somebody's own, to hear in what is said in a lab. Named by us: not every broker names queues. */
export function listenerQueue(lab: string): string {
  return `beaker.listener.${lab}.${randomUUID()}`;
}
