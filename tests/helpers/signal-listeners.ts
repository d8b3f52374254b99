const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** Remembers who listens to signals now; the function that comes back takes all other listeners off. */
export function rememberSignalListeners(): () => void {
  const before = SIGNALS.map((signal) => ({ signal, known: process.listeners(signal) }));
  return () => {
    for (const { signal, known } of before) {
      const added = process.listeners(signal).filter((listener) => !known.includes(listener));
      for (const listener of added) process.off(signal, listener);
    }
  };
}
