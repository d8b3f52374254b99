import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHubClient, type HubClient } from '../../../src/hub/hub-client.ts';
import { HubTroubleError } from '../../../src/hub/hub-errors.ts';
import { Secret } from '../../../src/secret.ts';
import type { RunningServer } from '../../../src/server/server.ts';
import { LAB_ACCOUNT, startSmallHub } from '../../helpers/small-hub.ts';
import { type SmallDisk, smallDisk } from '../../helpers/small-disk.ts';
import { tempDir, type TempDir } from '../../helpers/temp-dir.ts';

describe('a server whose disk is full', () => {
  let dir: TempDir;
  let disk: SmallDisk;
  let server: RunningServer;
  let hub: HubClient;

  beforeEach(async () => {
    dir = tempDir();
    disk = smallDisk(dir.file('state'), 1);
    server = await startSmallHub({ stateDir: disk.path });
    hub = createHubClient({
      url: server.url,
      login: { method: 'password', user: LAB_ACCOUNT.user, password: new Secret(LAB_ACCOUNT.password) },
    });
  });

  afterEach(async () => {
    await hub.close();
    await server.stop();
    disk.remove();
    dir.remove();
  });

  it('lets what it cannot store fault as trouble of its own, lives on, and stores it when there is room', async () => {
    const { commands } = server.store;
    const [first] = commands.add('lab.example.com', [{ fqdn: 'sys1.lab', action: 'on' }]);
    disk.fill();
    const queueUntilFull = (): void => {
      for (;;)
        commands.add(
          'lab.example.com',
          Array.from({ length: 50 }, () => ({ fqdn: 'sys2.lab', action: 'on' as const })),
        );
    };
    expect(queueUntilFull).toThrow('database or disk is full');
    const id = first?.command.id ?? 0;
    await expect(hub.markRunning(id)).rejects.toThrow(HubTroubleError);
    expect(await hub.runningIds()).toEqual([]);
    disk.free();
    await hub.markRunning(id);
    await hub.markCompleted(id);
    expect(server.store.queries.get('lab.example.com', id).status).toBe('Completed');
  });

  it('names its installation, which stays over a restart and is another for another database', async () => {
    const name = await hub.installation();
    expect(name).toMatch(/^[0-9a-f-]{36}$/);
    await server.stop();
    server = await startSmallHub({ stateDir: disk.path });
    expect(server.store.installation).toBe(name);
    const other = await startSmallHub();
    expect(other.store.installation).not.toBe(name);
    await other.stop();
  });
});
