import type { Logger } from '../logger.ts';

/**
 * Ends the process with code 1, after a last line, on an error that nobody handled: nobody knows then what still holds, but
 * the journal does.
 */
export function dieOnUnhandledErrors(log: Logger): void {
  const die = (error: unknown): never => {
    log.error('unhandled error, the process ends', {
      reason: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
}
