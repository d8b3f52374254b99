import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LAB_ACCOUNT, startSmallHub } from '../../helpers/small-hub.ts';
import { xmlRpcPeer } from '../../helpers/xml-rpc-peer.ts';

const LAB = 'lab.example.com';

describe('the server', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'beaker-server-'));
  });
  afterEach(() => rm(dir, { recursive: true }));

  it('knows after a restart what it knew before, and gives no id twice', async () => {
    const before = await startSmallHub({ stateDir: dir });
    const [first, second] = before.store.commands.add(LAB, [
      { fqdn: 'sys1.lab', action: 'on' },
      { fqdn: 'sys2.lab', action: 'on' },
    ]);
    before.store.commands.markRunning(LAB, first?.command.id ?? 0);
    await before.stop();

    const after = await startSmallHub({ stateDir: dir });
    try {
      const peer = xmlRpcPeer(`${after.url}/client/`);
      await peer.logIn(LAB_ACCOUNT);
      expect(await peer.call('labcontrollers.get_running_command_ids')).toEqual([first?.command.id]);
      expect(await peer.call('labcontrollers.get_queued_command_details')).toMatchObject([
        { id: second?.command.id, fqdn: 'sys2.lab', power: { passwd: 'hunter2-sys2.lab' } },
      ]);
      const [third] = after.store.commands.add(LAB, [{ fqdn: 'sys1.lab', action: 'off' }]);
      expect(third?.command.id).toBeGreaterThan(second?.command.id ?? 0);
      expect(third?.seq).toBe(4);
    } finally {
      await after.stop();
    }
  });

  it('keeps its passwords from other users of the machine', async () => {
    const server = await startSmallHub({ stateDir: dir });
    const modes = await Promise.all(['', '-wal', '-shm'].map((end) => stat(join(dir, `server.db${end}`))));
    await server.stop();
    expect(modes.map(({ mode }) => mode & 0o077)).toEqual([0, 0, 0]);
  });

  it('takes the systems of a file, and their changes at the next start', async () => {
    const systemsFile = join(dir, 'systems.json');
    const write = (address: string) =>
      writeFile(
        systemsFile,
        JSON.stringify([{ fqdn: 'a.lab', lab: LAB, power: { type: 'dummy', address } }]),
      );
    await write('pdu1');
    const before = await startSmallHub({ stateDir: dir, systemsFile });
    expect(before.store.systems.get(LAB, 'a.lab').power.address).toBe('pdu1');
    await before.stop();
    await write('pdu2');
    const after = await startSmallHub({ stateDir: dir, systemsFile });
    expect(after.store.systems.get(LAB, 'a.lab').power.address).toBe('pdu2');
    await after.stop();
  });

  it('says which address it cannot have, and leaves nothing open', async () => {
    const first = await startSmallHub();
    const listen = first.url.replace('http://', '');
    await expect(startSmallHub({ stateDir: dir, listen })).rejects.toThrow(
      `cannot listen on ${listen}: another process has that port`,
    );
    await first.stop();
    const second = await startSmallHub({ stateDir: dir, listen });
    expect(second.url).toBe(first.url);
    await second.stop();
  });

  it('refuses an address that is none, and a state directory that cannot be', async () => {
    await expect(startSmallHub({ listen: '8000' })).rejects.toThrow('expected host:port');
    await expect(startSmallHub({ listen: 'localhost:70000' })).rejects.toThrow('expected host:port');
    await writeFile(join(dir, 'file'), '');
    await expect(startSmallHub({ stateDir: join(dir, 'file') })).rejects.toThrow(join(dir, 'file'));
  });

  it('names a database that is none, and does not wait for the reader of a FIFO', async () => {
    const path = join(dir, 'server.db');
    await writeFile(path, 'no database, for all that it is here');
    await expect(startSmallHub({ stateDir: dir })).rejects.toThrow(
      `STATE_DIR: cannot use ${path}: file is not a database`,
    );
    await rm(path);
    execFileSync('mkfifo', [path]);
    await expect(startSmallHub({ stateDir: dir })).rejects.toThrow(`STATE_DIR: cannot use ${path}: ENXIO`);
  });

  it('refuses a systems file with a mistake, and names it', async () => {
    const systemsFile = join(dir, 'systems.json');
    await writeFile(systemsFile, JSON.stringify([{ fqdn: 'a.lab', lab: LAB, power: { type: 7 } }]));
    await expect(startSmallHub({ systemsFile })).rejects.toMatchObject({
      problems: [expect.stringContaining('systems.json: systems[0].power.type: ')],
    });
  });

  it('goes on when the listener of its changes fails', async () => {
    const told: number[] = [];
    const server = await startSmallHub({
      onChange: ({ command }) => {
        told.push(command.id);
        throw new Error('cannot publish');
      },
    });
    const [record] = server.store.commands.add(LAB, [{ fqdn: 'sys1.lab', action: 'on' }]);
    expect(server.store.commands.markRunning(LAB, record?.command.id ?? 0).status).toBe('Running');
    expect(told).toEqual([1, 1]);
    await server.stop();
  });
});
