import * as z from 'zod';
import { ACTIONS, encodeCommand, hostName } from '../command.ts';
import type { XmlRpcInput } from '../xml-rpc/value.ts';
import { BadRequestError } from './errors.ts';
import { parseInput } from './explain.ts';
import type { Store } from './store.ts';

/** Runs a method for a lab with parameters nobody has looked at yet. */
export type Method = (store: Store, lab: string, params: readonly unknown[]) => XmlRpcInput;

/**
 * The methods of Beaker's API for lab controllers that need a session, by name. They throw the errors of `errors.ts`,
 * whose texts are Beaker's where clients look at them.
 */
export function findMethod(name: string): Method {
  const method = METHODS.get(name);
  if (method === undefined) throw new BadRequestError(`method "${name}" is not supported`);
  return method;
}

const id = z.int().positive();
const message = z
  .string()
  .nullish()
  .transform((text) => text ?? '');

const none = z.tuple([]);
const ofCommand = z.tuple([id]);
const withMessage = z.tuple([id, message]);
const failure = z.tuple([id, message, z.boolean().nullish()]);

const METHODS: ReadonlyMap<string, Method> = new Map([
  method('get_queued_command_details', none, (store, lab) =>
    store.queries.queued(lab).map(({ command }) => ({ ...encodeCommand(command) })),
  ),
  method('get_running_command_ids', none, (store, lab) => store.queries.runningIds(lab)),
  // Not of Beaker's API.
  method('get_installation', none, (store) => store.installation),
  method('mark_command_running', ofCommand, ({ commands }, lab, [commandId]) => {
    commands.markRunning(lab, commandId);
  }),
  method('mark_command_completed', ofCommand, ({ commands }, lab, [commandId]) => {
    commands.markEnded(lab, commandId, { status: 'completed' });
  }),
  method('mark_command_failed', failure, ({ commands }, lab, [commandId, text, systemBroken]) => {
    commands.markEnded(lab, commandId, {
      status: 'failed',
      message: text,
      systemBroken: systemBroken ?? false,
    });
  }),
  method('mark_command_aborted', withMessage, ({ commands }, lab, [commandId, text]) => {
    commands.markEnded(lab, commandId, { status: 'aborted', message: text });
  }),
  method('clear_running_commands', z.tuple([message]), ({ commands }, lab, [text]) => {
    commands.abortRunning(lab, text);
  }),
  method(
    'add_completed_command',
    z.tuple([hostName, z.enum(ACTIONS)]),
    ({ commands }, lab, [fqdn, action]) => {
      commands.addCompleted(lab, fqdn, action);
    },
  ),
]);

/** A method that gives nothing answers True, as Beaker's do. */
function method<S extends z.ZodType>(
  shortName: string,
  params: S,
  run: (store: Store, lab: string, params: z.output<S>) => XmlRpcInput,
): [string, Method] {
  const name = `labcontrollers.${shortName}`;
  return [name, (store, lab, given) => run(store, lab, parseInput(params, given, name)) ?? true];
}
