import { setMaxListeners } from 'node:events';

/** The two requests to stop; the second never comes without the first. */
export interface StopSignals {
  readonly stopping: AbortSignal;
  readonly killing: AbortSignal;
}

/** Turns the first SIGTERM or SIGINT into `stopping`, and the second into `killing`. */
export function stopSignals(): StopSignals {
  const stopping = new AbortController();
  const killing = new AbortController();
  // Every running command listens, and there may be a thousand.
  setMaxListeners(0, stopping.signal, killing.signal);
  const onSignal = (): void => (stopping.signal.aborted ? killing : stopping).abort();
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return { stopping: stopping.signal, killing: killing.signal };
}
