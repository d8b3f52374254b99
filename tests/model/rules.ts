/** What the protocol promises itself; a rule that is switched off must be missed. */
export interface Rules {
  /** The running ids are asked for after the list of queued commands. */
  readonly queuedThenRunning: boolean;
  /** The relay publishes what is first in its lane. */
  readonly oneAtATime: boolean;
  /** Nothing newly listed is let through while something runs that nobody names. */
  readonly waitsForUnnamed: boolean;
  /** The question to the hub is journaled before it is asked. */
  readonly journalsQuestions: boolean;
  /** In doubt the other worker is asked. */
  readonly asksInDoubt: boolean;
  /** Of two that doubt, one has it. */
  readonly oneOfTwoDoubters: boolean;
  /** What was said before the doubt arose settles nothing. */
  readonly onlyAnswersCount: boolean;
  /** A returning worker asks the hub before it runs what it was given. */
  readonly asksOnReturn: boolean;
  /** A returning worker first ends what it left running. */
  readonly endsOldScripts: boolean;
  /** A returning worker takes up a reboot whose `off` is done. */
  readonly takesUpTheOn: boolean;
  /** Of a reboot whose `off` is done a returning worker runs the `on` alone. */
  readonly onlyTheOn: boolean;
}

export const RULES: Rules = {
  queuedThenRunning: true,
  oneAtATime: true,
  waitsForUnnamed: true,
  journalsQuestions: true,
  asksInDoubt: true,
  oneOfTwoDoubters: true,
  onlyAnswersCount: true,
  asksOnReturn: true,
  endsOldScripts: true,
  takesUpTheOn: true,
  onlyTheOn: true,
};
