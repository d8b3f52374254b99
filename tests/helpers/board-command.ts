import type { BoardCommand } from '../../src/demo/board.ts';

/** When the shows of the tests begin, in milliseconds since the epoch. */
export const SHOW_START_MS = 1_700_000_000_000;

/** A command of a show that was queued, started and finished so many milliseconds after its beginning. */
export function boardCommand(
  id: number,
  name: string,
  [queued, started, finished]: readonly [number, number?, number?],
  more: Partial<BoardCommand> = {},
): BoardCommand {
  const at = (ms: number | undefined): number | undefined => (ms === undefined ? ms : SHOW_START_MS + ms);
  const status = finished !== undefined ? 'Completed' : started !== undefined ? 'Running' : 'Queued';
  return {
    ...{ id, fqdn: `${name}.demo`, action: 'on', delayS: 0, mode: 'push', status, message: '' },
    ...{ queuedAtMs: SHOW_START_MS + queued, startedAtMs: at(started), finishedAtMs: at(finished) },
    ...more,
  };
}
