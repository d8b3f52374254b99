import * as z from 'zod';
import { ACTIONS, hostName, type Action } from '../command.ts';
import { RESULTS_EXCHANGE, resultKey } from './names.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

/** What is said about a command: that it runs, or how it ended. */
export interface Result {
  readonly id: number;
  readonly lab: string;
  readonly fqdn: string;
  readonly action: Action;
  readonly status: 'running' | 'completed' | 'failed' | 'aborted';
  readonly message?: string | undefined;
  readonly systemBroken?: boolean | undefined;
  /** Name of the worker that ran it. */
  readonly worker: string;
  /** From its arrival at the worker to its start. */
  readonly queuedMs?: number | undefined;
  readonly ranMs?: number | undefined;
}

/** The event about `result`, for whoever wants to know what a lab does. */
export function resultEvent(result: Result): OutgoingMessage {
  return { exchange: RESULTS_EXCHANGE, routingKey: resultKey(result.lab), ...envelope(result) };
}

/** The answer to the sender of the command, at the queue that its message named. */
export function resultReply(
  result: Result,
  to: { readonly replyTo: string; readonly correlationId: string | undefined },
): OutgoingMessage {
  const { content, properties } = envelope(result);
  const correlation = to.correlationId === undefined ? {} : { correlationId: to.correlationId };
  return { exchange: '', routingKey: to.replyTo, content, properties: { ...properties, ...correlation } };
}

/** Reads the body of a result. Throws when it is none. */
export function decodeResult(content: Buffer): Result {
  return wireResult.parse(JSON.parse(content.toString('utf8')));
}

const wireResult = z
  .object({
    id: z.int().positive(),
    lab: hostName,
    fqdn: hostName,
    action: z.enum(ACTIONS),
    status: z.enum(['running', 'completed', 'failed', 'aborted']),
    message: z.string().optional(),
    system_broken: z.boolean().optional(),
    worker: z.string(),
    queued_ms: z.number().nonnegative().optional(),
    ran_ms: z.number().nonnegative().optional(),
  })
  .transform(({ system_broken: systemBroken, queued_ms: queuedMs, ran_ms: ranMs, ...rest }) => ({
    ...rest,
    systemBroken,
    queuedMs,
    ranMs,
  }));

function envelope({
  systemBroken,
  queuedMs,
  ranMs,
  ...rest
}: Result): Pick<OutgoingMessage, 'content' | 'properties'> {
  const body = { ...rest, system_broken: systemBroken, queued_ms: queuedMs, ran_ms: ranMs };
  return {
    content: Buffer.from(JSON.stringify(body)),
    properties: { contentType: 'application/json', type: 'beaker.result' },
  };
}
