import type Database from 'libsql';
import * as z from 'zod';

/**
 * Has it noted by `write` that a life of the worker begins; gives when, by the wall clock, in milliseconds since the epoch. It is later than every earlier life's
 * beginning: by that the others know what a worker has said last, and the clock may have been set back while it was away.
 */
export function beginLife(db: Database.Database, write: (change: () => void) => void): number {
  const row = db.prepare('SELECT began_at FROM life').get();
  const before = row === undefined ? 0 : lifeSchema.parse(row).began_at;
  const beganAt = Math.max(Date.now(), before + 1);
  write(() => db.prepare('INSERT OR REPLACE INTO life (one, began_at) VALUES (1, ?)').run(beganAt));
  return beganAt;
}

const lifeSchema = z.object({ began_at: z.number() });
