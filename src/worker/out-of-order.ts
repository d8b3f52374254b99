import { type Command, lanesOf } from '../command.ts';
import type { Logger } from '../logger.ts';
import type { CommandQueue } from '../queue/command-queue.ts';

/** After this time a result that opens the lane would long have come. */
const PATIENCE_MS = 2_000;

/**
 * Notices, once, that somebody publishes commands before their turn: one that was pushed waits for what another worker runs. It
 * is safe here, as far as the others are heard; a publisher that keeps the rule makes it safe altogether.
 */
export function noticeOutOfOrder(
  queue: Pick<CommandQueue, 'isBlocked' | 'runningElsewhere'>,
  log: Logger,
): (command: Command) => void {
  let isNoticed = false;
  const look = (command: Command): void => {
    if (isNoticed || !queue.isBlocked(command.id)) return;
    const lanes = new Set(lanesOf(command));
    // An old copy of a message may wait for a later command; nobody has done anything wrong then.
    const other = queue
      .runningElsewhere()
      .find(({ id, ...running }) => id < command.id && lanesOf(running).some((lane) => lanes.has(lane)));
    if (other === undefined) return;
    isNoticed = true;
    log.warn('a command was pushed before its turn, and waits', {
      id: command.id,
      waitsFor: other.id,
      remedy: 'with several workers, let the relay publish, or keep the rule of docs/protocol.md',
    });
  };
  return (command) => {
    if (!isNoticed) setTimeout(look, PATIENCE_MS, command).unref();
  };
}
