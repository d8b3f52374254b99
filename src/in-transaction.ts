/** The part of a SQLite connection that a transaction needs. */
interface Connection {
  exec(sql: string): unknown;
  readonly inTransaction: boolean;
}

/**
 * Makes a change as a whole or not at all. Throws what `change` throws, and the error of SQLite that kept it from being written: libsql's own
 * transactions say only that they could not be taken back. And a prepared statement that finds the database locked stays active: it would
 * take later writes of the connection back; here a lock is met by a statement that is gone at once.
 */
export function inTransaction<T>(db: Connection, change: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = change();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has taken it back already when there was no room.
    if (db.inTransaction) db.exec('ROLLBACK');
    throw error;
  }
}
