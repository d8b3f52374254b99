import type Database from 'libsql';
import * as z from 'zod';

/**
 * Notes that a life of the worker begins; gives when, by the wall clock, in milliseconds since the epoch. It is later than every earlier life's
 * beginning: by that the others know what a worker has said last, and the clock may have been set back while it was away.
 */
export function beginLife(db: Database.Database): number {
  db.exec('CREATE TABLE IF NOT EXISTS life (one INTEGER PRIMARY KEY, began_at INTEGER NOT NULL) STRICT');
  const row = db
    .prepare(
      `INSERT INTO life (one, began_at) VALUES (1, ?)
       ON CONFLICT DO UPDATE SET began_at = max(excluded.began_at, began_at + 1) RETURNING began_at`,
    )
    .get(Date.now());
  return lifeSchema.parse(row).began_at;
}

const lifeSchema = z.object({ began_at: z.number() });
