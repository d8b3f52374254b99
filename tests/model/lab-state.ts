/**
 * A lab at a moment, as small as it can be. What is kept by command is a string with a letter for each of them, `.` being nothing:
 * so states are compared and copied as cheaply as can be.
 */
export interface LabState {
  /** `Q`ueued, `R`unning, `C`ompleted, `A`borted. */
  readonly hub: string;
  /** Copies of its message at the broker. */
  readonly messages: string;
  /** Which worker's script is at the machine, 0 or 1. */
  readonly script: string;
  /** How often its script was started; 2 stands for more. */
  readonly starts: string;
  /** `x` when a script of it has come to its end; of a `reboot`, that of its `on`. */
  readonly done: string;
  /** `x` from when its worker knows that its `off` is done until its `on` is. */
  readonly isOff: string;
  readonly relay: RelayState;
  readonly workers: readonly [WorkerState, WorkerState];
  /** Faults that may still happen, by kind. */
  readonly left: Faults;
}

export interface RelayState {
  /** What the first half of a look, the queued commands, showed; undefined between looks. */
  readonly look: string | undefined;
  /** `l` when it was ever listed: then the relay knows its lanes. */
  readonly listed: string;
  /** `w`aiting, `p`ublished, `h`eld by somebody who runs it, `e`nded. */
  readonly stands: string;
}

export interface WorkerState {
  readonly isUp: boolean;
  /** It has lost its journal: in the others' memory there is one that never answers again. */
  readonly hasLostState: boolean;
  /** `q`: the hub is, or was, asked; `c`laimed; `s`tarted; `o`: its `on` is owed; `e`nded, with an outcome; `E`: aborted by itself. */
  readonly journal: string;
  /** `l`: in line; `a`: asking for the first time, `A`: again; `u`ndecided; `r`unning; `t`elling the hub how it ended. */
  readonly memory: string;
  /** A question to the hub: `s`ent, `y`: granted, `n`: refused; the answer is on its way. */
  readonly question: string;
  /** A question that the worker gave up may still reach the hub. */
  readonly late: string;
  /** What the other worker said of a command that is in doubt here, since the doubt arose: `r`uns, `d`oubts, `a`sks, `n`othing. */
  readonly said: string;
  /** `m`: it has the message, unacknowledged. */
  readonly delivery: string;
  /** `h`: its lanes are closed here since somebody else has it. */
  readonly elsewhere: string;
  /** The queued half of a look while polling. */
  readonly look: string | undefined;
  /** `l` when it was listed to this worker. */
  readonly listed: string;
}

export interface Faults {
  readonly crash: number;
  readonly loseState: number;
  readonly loseAnswer: number;
  readonly copy: number;
  readonly loseMessage: number;
  readonly restartRelay: number;
  /** A worker is away for longer than the grace. */
  readonly outliveGrace: number;
}

/** Text with one letter changed. */
export function put(text: string, at: number, letter: string): string {
  return text.slice(0, at) + letter + text.slice(at + 1);
}

export function keyOf({ relay, workers, left, ...rest }: LabState): string {
  return [rest, relay, ...workers, left].map((part) => Object.values(part).join()).join('|');
}
