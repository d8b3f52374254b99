import type { BoardCommand } from './board.ts';
import { lanesOf, machineNamed } from './lab.ts';

/** What the server's history says about the lanes. */
export interface LaneOrder {
  readonly laneCount: number;
  /** A sentence for each command that began before the one before it in a lane had ended. */
  readonly breaches: readonly string[];
}

/** Whether in each lane the commands ran one at a time and in the order of their ids. */
export function checkLaneOrder(commands: readonly BoardCommand[]): LaneOrder {
  const lanes = new Map<string, BoardCommand[]>();
  for (const command of [...commands].sort((one, other) => one.id - other.id)) {
    for (const lane of lanesOf(machineNamed(command.fqdn))) {
      lanes.set(lane, [...(lanes.get(lane) ?? []), command]);
    }
  }
  const breaches = [...lanes].flatMap(([lane, inLane]) => breachesIn(lane, inLane));
  return { laneCount: lanes.size, breaches };
}

function breachesIn(lane: string, commands: readonly BoardCommand[]): readonly string[] {
  // What never ran, because it was cancelled or the show was cut short, cannot have been in anybody's way.
  const ran = commands.filter(({ startedAtMs }) => startedAtMs !== undefined);
  return ran.flatMap((command, index) => {
    const before = ran[index - 1];
    if (before === undefined) return [];
    const { finishedAtMs = Infinity } = before;
    const { startedAtMs = Infinity } = command;
    return startedAtMs >= finishedAtMs
      ? []
      : [`${lane}: command ${command.id} began before command ${before.id} had ended`];
  });
}
