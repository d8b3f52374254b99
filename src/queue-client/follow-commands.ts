import type { QueuedCommand, ServerClient } from './server-client.ts';

// Below the minute after which many proxies give up on an answer.
const WAIT_S = 25;

/**
 * Each change of the commands, from their first state on, until all of them have ended or `signal` is aborted.
 * @throws ServerRequestError when the server cannot be asked (any more).
 */
export async function* followCommands(
  client: Pick<ServerClient, 'changedAfter'>,
  ids: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<QueuedCommand> {
  const open = new Set(ids);
  let seq = 0;
  while (open.size > 0 && !signal.aborted) {
    const changed = await client.changedAfter(seq, { of: [...open], waitS: WAIT_S }, signal);
    for (const command of changed) {
      seq = Math.max(seq, command.seq);
      if (isEnd(command)) open.delete(command.id);
      yield command;
    }
  }
}

/** Whether nothing more happens to the command. */
export function isEnd({ status }: QueuedCommand): boolean {
  return status === 'Completed' || status === 'Failed' || status === 'Aborted';
}
