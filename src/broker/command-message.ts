import { decodeCommand, encodeCommand, type Command } from '../command.ts';
import { InvalidCommandError } from '../errors.ts';
import { COMMANDS_EXCHANGE, commandKey } from './names.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

const MAX_BYTES = 1024 * 1024;

/** The message that brings `command` to a worker of `lab`. Contains the power password in the clear. */
export function commandMessage(lab: string, command: Command): OutgoingMessage {
  return {
    exchange: COMMANDS_EXCHANGE,
    routingKey: commandKey(lab),
    content: Buffer.from(JSON.stringify({ lab, ...encodeCommand(command) })),
    properties: {
      contentType: 'application/json',
      type: 'beaker.command',
      messageId: `${lab}/${command.id}`,
    },
  };
}

/**
 * Reads the body of a message for `lab`; one that names no lab is taken to be.
 * @throws InvalidCommandError saying what is wrong with it.
 */
export function decodeCommandMessage(content: Buffer, lab: string): Command {
  if (content.length > MAX_BYTES) {
    throw new InvalidCommandError(`expected at most ${MAX_BYTES} bytes, found ${content.length}`);
  }
  const value = parseJson(content);
  const named = typeof value === 'object' && value !== null && 'lab' in value ? value.lab : undefined;
  if (named !== undefined && named !== null && named !== lab) {
    throw new InvalidCommandError(`lab: expected "${lab}", found ${JSON.stringify(named).slice(0, 300)}`);
  }
  return decodeCommand(value);
}

function parseJson(content: Buffer): unknown {
  try {
    return JSON.parse(content.toString('utf8'));
  } catch {
    // The parser's text quotes the input, which may hold a password: only that it failed is said.
    throw new InvalidCommandError('expected JSON, found something else');
  }
}
