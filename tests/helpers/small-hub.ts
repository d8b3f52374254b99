import { Secret } from '../../src/secret.ts';
import { type RunningServer, type ServerOptions, startServer } from '../../src/server/server.ts';
import { labSystem } from './server-systems.ts';
import { silentLogger } from './silent-logger.ts';

/** The accounts of `startSmallHub`: two labs. */
export const LAB_ACCOUNT = { user: 'host/lab.example.com', password: 'pa:ss wörd' } as const;
export const OTHER_ACCOUNT = { user: 'elsewhere', password: 'other' } as const;

/** A hub of two labs on a free port that forgets: `sys1.lab` and `sys2.lab` in the one, `other.lab` in the other. */
export async function startSmallHub(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  const server = await startServer({
    listen: '127.0.0.1:0',
    stateDir: ':memory:',
    accounts: new Map([LAB_ACCOUNT, OTHER_ACCOUNT].map(({ user, password }) => [user, new Secret(password)])),
    log: silentLogger,
    ...options,
  });
  server.store.systems.putAll([
    labSystem('sys1.lab'),
    labSystem('sys2.lab'),
    labSystem('other.lab', 'elsewhere'),
  ]);
  return server;
}
