const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Remembers who listens to the stop signals now; the function that comes back takes everybody else off. */
export function rememberSignalListeners(): () => void {
  const before = SIGNALS.map((signal) => ({ signal, known: process.listeners(signal) }));
  return () => {
    for (const { signal, known } of before) {
      const added = process.listeners(signal).filter((listener) => !known.includes(listener));
      for (const listener of added) process.off(signal, listener);
    }
  };
}
