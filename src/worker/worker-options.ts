import type { Config } from '../config/config.ts';
import type { Logger } from '../logger.ts';

export interface WorkerOptions {
  readonly config: Config;
  /** The process's environment, of which power scripts get an allow-listed part. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** First request to stop: nothing new, what runs may end. */
  readonly stopping: AbortSignal;
  /** Second request: what runs is ended. */
  readonly killing: AbortSignal;
  /** Is given the function that makes the worker look at the hub's list at once. */
  readonly onLookNow?: (lookNow: () => void) => void;
  readonly log: Logger;
}
