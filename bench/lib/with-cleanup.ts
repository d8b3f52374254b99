/** Remembers what to undo at the end. */
export type AtEnd = (undo: () => Promise<void> | void) => void;

/**
 * Runs `work` and then undoes, last thing first, what it asked to have undone: also when it fails, and when the bench is told to stop
 * by a signal. Nothing that a bench starts outlives it.
 */
export async function withCleanup<T>(work: (atEnd: AtEnd) => Promise<T>): Promise<T> {
  const undos: (() => Promise<void> | void)[] = [];
  const undoAll = async (): Promise<void> => {
    for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) await undo();
  };
  const stop = (): void => void undoAll().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work((undo) => undos.push(undo));
  } finally {
    await undoAll();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
