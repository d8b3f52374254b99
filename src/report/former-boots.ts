import type Database from 'libsql';
import * as z from 'zod';
import { bootId, steadyNow } from '../steady-clock.ts';

/**
 * Takes times out of the journal that were noted in an earlier boot of the machine, or by the wall clock, as earlier versions did: how long ago they
 * were cannot be told, since the clock on the wall may have been set. Every system then rests its whole period once, and what is
 * journaled counts as received now.
 */
export function forgetFormerBoots(db: Database.Database): void {
  db.exec('CREATE TABLE IF NOT EXISTS boot (one INTEGER PRIMARY KEY, id TEXT NOT NULL) STRICT');
  const id = bootId();
  const row = db.prepare('SELECT id FROM boot').get();
  if (row !== undefined && bootSchema.parse(row).id === id) return;
  db.prepare('DELETE FROM power_end').run();
  // What is null stays null.
  db.prepare(
    'UPDATE command SET received_at = :now, started_at = started_at * 0 + :now, ended_at = ended_at * 0 + :now',
  ).run({ now: steadyNow() });
  // Last: should the process die before, all is done once more.
  db.prepare('INSERT OR REPLACE INTO boot (one, id) VALUES (1, ?)').run(id);
}

const bootSchema = z.object({ id: z.string() });
