import type { Action, LaneNames } from '../command.ts';

/** What is known of a command that another worker has. */
export interface ElsewhereCommand extends LaneNames {
  readonly id: number;
  readonly action: Action;
}
