import { join } from 'node:path';
import { ConfigError, describeError } from '../errors.ts';
import { makeDirectories } from '../make-directories.ts';
import { makePrivateFile } from '../regular-file.ts';
import { CommandQueries } from './command-queries.ts';
import { Commands } from './commands.ts';
import { installationOf, openDatabase, type Sqlite } from './database.ts';
import { type Clocks, Delays, systemClocks } from './delays.ts';
import { Systems } from './systems.ts';

/** All that the server remembers: what there is, what happens to it, and questions about it. */
export interface Store {
  readonly systems: Systems;
  readonly commands: Commands;
  readonly queries: CommandQueries;
  /** A name of this store that no other has. */
  readonly installation: string;
  close(): void;
}

/**
 * Opens `server.db` in `stateDir`, or a store that forgets when `stateDir` is `:memory:`.
 * @throws Error naming the file when it cannot be used.
 */
export function openStore(stateDir: string, clocks: Clocks = systemClocks): Store {
  const database = stateDir === ':memory:' ? openDatabase(stateDir) : openFile(stateDir);
  const systems = new Systems(database);
  const delays = new Delays(clocks);
  const queries = new CommandQueries(database, delays);
  return {
    systems,
    queries,
    installation: installationOf(database),
    commands: new Commands({ database, systems, queries, now: clocks.wall, delays }),
    close: () => database.close(),
  };
}

function openFile(stateDir: string): Sqlite {
  const path = join(stateDir, 'server.db');
  try {
    makeDirectories(stateDir, 0o777);
    // It holds the passwords of power controllers; SQLite gives the files beside it the mode of this one.
    makePrivateFile(path);
    return openDatabase(path);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new Error(`STATE_DIR: cannot use ${path}: ${describeError(error)}`, { cause: error });
  }
}
