import { ACTIONS, hostName } from '../command.ts';
import { ConfigError } from '../errors.ts';
import { printable, printableText } from '../printable.ts';
import { followCommands, isEnd } from '../queue-client/follow-commands.ts';
import { type QueuedCommand, type QueueRequest, ServerClient } from '../queue-client/server-client.ts';
import type { Secret } from '../secret.ts';

export interface QueueCommandOptions {
  /** The system's FQDN, then one action or more, which are queued in this order. */
  readonly args: readonly string[];
  readonly serverUrl: string;
  readonly user: string;
  readonly password: Secret;
  /** Seconds to wait before the first of the commands may run. */
  readonly delayS?: number | undefined;
  /** Follow the commands until they have ended. */
  readonly wait: boolean;
  /** One JSON object a command instead of text: as queued, or with `wait` as ended. */
  readonly json: boolean;
  readonly out: Pick<NodeJS.WritableStream, 'write'>;
  readonly signal: AbortSignal;
}

/**
 * Queues commands at the server, and with `wait` shows how they get on. Gives the exit code: 0 when all are queued, or
 * with `wait` completed; otherwise 1.
 * @throws ConfigError for arguments that make no sense; ServerRequestError when the server is away or refuses.
 */
export async function runQueueCommand(options: QueueCommandOptions): Promise<number> {
  const { serverUrl: url, user, password, wait, json, out, signal } = options;
  const requests = requestsOf(options);
  const client = new ServerClient({ url, user, password });
  const ids = await client.queue(requests, signal);
  if (!wait) {
    for (const [index, request] of requests.entries()) out.write(queuedLine(ids[index] ?? 0, request, json));
    return 0;
  }
  const completed = new Set<number>();
  try {
    for await (const command of followCommands(client, ids, signal)) {
      if (command.status === 'Completed') completed.add(command.id);
      if (json && isEnd(command)) out.write(`${printable(JSON.stringify(command))}\n`);
      if (!json) out.write(changeLine(command));
    }
  } catch (error) {
    // Told to stop while it waits for an answer: the commands go on, only nobody watches.
    if (!signal.aborted) throw error;
  }
  return completed.size === ids.length ? 0 : 1;
}

function requestsOf({ args, delayS }: QueueCommandOptions): readonly QueueRequest[] {
  const [fqdn = '', ...actions] = args;
  const problems: string[] = [];
  const system = hostName.safeParse(fqdn);
  if (!system.success) {
    problems.push(`queue: expected the host name of a system first, found "${fqdn}"`);
  }
  if (actions.length === 0)
    problems.push(`queue: expected one action or more (${ACTIONS.join(', ')}), found none`);
  for (const action of actions) {
    if (!ACTIONS.some((known) => known === action)) {
      problems.push(`queue: expected an action (${ACTIONS.join(', ')}), found "${action}"`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return actions.map((action, index) => ({
    fqdn: system.data ?? fqdn,
    action,
    ...(index === 0 && delayS !== undefined && { delay: delayS }),
  }));
}

function queuedLine(id: number, { fqdn, action }: QueueRequest, json: boolean): string {
  return json
    ? `${printable(JSON.stringify({ id, fqdn, action, status: 'Queued' }))}\n`
    : line({ id, fqdn, action, what: 'Queued' });
}

function changeLine(command: QueuedCommand): string {
  const { id, fqdn, action, status, message } = command;
  const took = isEnd(command) ? tookS(command) : '';
  return line({ id, fqdn, action, what: `${status}${took}${message ? `: ${message}` : ''}` });
}

function line({
  id,
  fqdn,
  action,
  what,
}: {
  id: number;
  fqdn: string;
  action: string;
  what: string;
}): string {
  return printableText(`${String(id).padStart(6)}  ${fqdn}  ${action.padEnd(9)}  ${what}\n`);
}

function tookS({ started_at: started, finished_at: finished }: QueuedCommand): string {
  if (started === null || finished === null) return '';
  return ` in ${((Date.parse(finished) - Date.parse(started)) / 1000).toFixed(1)} s`;
}
