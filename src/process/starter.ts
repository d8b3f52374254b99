/** Starts programs. Deadlines, masking and bounds are for those who call it: see `createRunner`. */
export interface Starter {
  /** What it goes by in the log and in `PROCESS_STARTER`. */
  readonly name: 'posix' | 'node';
  /**
   * Starts `file`, an absolute path, in a session of its own, in `/`, with `env` as its whole environment, `/dev/null` as its
   * input and one pipe for both of its outputs.
   * What still waits for its turn when `until` is aborted is not started.
   * @throws ProcessStartError when it cannot be started.
   */
  start(
    file: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    until: AbortSignal,
  ): Promise<StartedProcess>;
}

/** A process that leads a session and a group of its own. */
export interface StartedProcess {
  readonly pid: number;
  /** What Linux calls the pipe for its outputs, in every process that has it open; undefined when that is not to be seen. */
  readonly pipe: string | undefined;
  /** How it ended, as in Python: its exit status, or the negative number of the signal that ended it. */
  readonly exited: Promise<number>;
  /**
   * What its outputs hold just now, without waiting: undefined once nothing more can come, since all who held the pipe have
   * closed it. The bytes are good until the next call.
   */
  read(): Uint8Array | undefined;
  /** Signals its group; false when no member is left, or none that we may signal. */
  signal(signal: NodeJS.Signals): boolean;
  /** Lets go of the process: its number is free for another once it has ended. To be called once. */
  reap(): void;
  /** Closes our end of the pipe: who writes to it from now on is ended by SIGPIPE. May be called again. */
  close(): void;
}
