import type { Logger } from '../logger.ts';
import { aborted, wait } from '../wait.ts';

/**
 * Ends the process with code 1, after a last line, on an error that was not handled: what still holds is unknown then, but the journal
 * knows. What Node has to say of itself goes to the log: its own way to standard error waits for the reader.
 */
export function dieOnUnhandledErrors(log: Logger): void {
  const die = (error: unknown): never => {
    log.error('unhandled error, the process ends', { reason: stackOf(error) });
    process.exit(1);
  };
  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.warn('warning of Node', { reason: stackOf(warning) }));
}

/** Ends the process with code 1 when it has not ended `afterMs` milliseconds after `killing`: every wait has an end. */
export function endWhenKilled(
  killing: AbortSignal,
  { afterMs, log }: { readonly afterMs: number; readonly log: Logger },
): void {
  void aborted(killing)
    .then(() => wait(afterMs))
    .then(() => {
      log.error('stop cut short, the process ends');
      process.exit(1);
    });
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
