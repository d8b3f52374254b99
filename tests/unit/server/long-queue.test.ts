import { describe, expect, it } from '@jest/globals';
import { CommandQueries } from '../../../src/server/command-queries.ts';
import { Commands } from '../../../src/server/commands.ts';
import { openDatabase } from '../../../src/server/database.ts';
import { Delays } from '../../../src/server/delays.ts';
import { Systems } from '../../../src/server/systems.ts';

describe('a queue of 100,000 commands', () => {
  it('makes no step of a command slow', () => {
    const few = timeForSteps({ queued: 100 });
    const many = timeForSteps({ queued: 100_000 });
    // A scan of the table in any of the steps makes it a hundred times slower; a busy machine not ten.
    expect(many).toBeLessThan(10 * few);
  });
});

/** Milliseconds for taking 100 commands through their lives and asking what a worker and a follower ask meanwhile. */
function timeForSteps({ queued }: { queued: number }): number {
  const database = openDatabase(':memory:');
  database.exec(`
    WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ${queued})
    INSERT INTO commands (seq, lab, fqdn, action, status, quiescent_period, queued_at)
    SELECT n, 'lab1', 'sys' || (n % 10000) || '.lab', 'clear_logs', 'Queued', 0, 0 FROM number`);
  const delays = new Delays({ wall: () => 0, steady: () => 0 });
  const queries = new CommandQueries(database, delays);
  const systems = new Systems(database);
  const commands = new Commands({ database, systems, queries, now: () => 0, delays });
  const started = performance.now();
  for (let id = 1; id <= 100; id += 1) {
    commands.markRunning('lab1', id);
    queries.runningIds('lab1');
    const { seq } = commands.markEnded('lab1', id, { status: 'completed' });
    queries.find('lab1', { changedAfter: seq - 2, limit: 10 });
    queries.find('lab1', { ids: [id], limit: 10 });
    queries.get('lab1', id);
  }
  const took = performance.now() - started;
  database.close();
  return took;
}
