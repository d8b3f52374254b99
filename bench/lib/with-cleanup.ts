import { withDeadline } from '../../src/wait.ts';

/** Remembers what to undo at the end. */
export type AtEnd = (undo: () => Promise<void> | void) => void;

/** A bench that waits for what does not come ends all the same. */
const LIMIT_MS = 120_000;

/**
 * Runs `work` and then undoes, last thing first, what it asked to have undone: also when it fails, takes longer than `limitMs`, or the
 * bench is told to stop by a signal. Nothing that a bench starts outlives it.
 */
export async function withCleanup<T>(
  work: (atEnd: AtEnd) => Promise<T>,
  limitMs: number = LIMIT_MS,
): Promise<T> {
  const undos: (() => Promise<void> | void)[] = [];
  const undoAll = async (): Promise<void> => {
    for (let undo = undos.pop(); undo !== undefined; undo = undos.pop()) await undo();
  };
  const stop = (): void => void undoAll().finally(() => process.exit(130));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const late = (): Error => new Error(`expected the bench to end within ${limitMs / 1000} s`);
    return await withDeadline(
      work((undo) => undos.push(undo)),
      limitMs,
      late,
    );
  } finally {
    await undoAll();
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}
