import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { type Lab, openLab } from '../helpers/lab.ts';
import { type SmallDisk, smallDisk } from '../helpers/small-disk.ts';
import { tempDir, type TempDir } from '../helpers/temp-dir.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a worker whose STATE_DIR', () => {
  let lab: Lab;
  let dir: TempDir;
  let disk: SmallDisk | undefined;

  beforeEach(async () => {
    lab = await openLab();
    dir = tempDir();
  });

  afterEach(async () => {
    await lab.close();
    disk?.remove();
    disk = undefined;
    dir.remove();
  });

  it('is full ends the reboot under way, reports it, claims nothing, and goes on when there is room', async () => {
    disk = smallDisk(dir.file('state'), 1);
    lab.queue({ id: 1, action: 'reboot', type: 'gated' }, { id: 2, type: 'gated' });
    const worker = lab.startWorker({ STATE_DIR: disk.path });
    await waitUntil(() => lab.power.of(2, 'start').length === 1 && lab.power.of(1, 'start').length === 1);
    await fillState(disk, worker);
    lab.queue({ id: 3 });
    lab.power.letThrough(1);
    lab.power.letThrough(2);
    await lab.untilEnded(1, 2);
    await worker.untilLogged('claim waits for room in STATE_DIR');
    expect([1, 2, 3].map((id) => lab.hub.latest(id)?.status)).toEqual(['Completed', 'Completed', 'Queued']);
    expect(worker.logged('journal cannot be written, nothing is claimed until it can')).toHaveLength(1);

    disk.free();
    await lab.untilEnded(3);
    expect(worker.logged('journal is written again')).toHaveLength(1);
    expect(lab.violations()).toEqual([]);
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
    expect(worker.logged('worker stopped')[0]).not.toHaveProperty('keptForTheNextStart');
  });

  it('is read-only when it starts takes up what it has once it can be written, and does not end before', async () => {
    disk = smallDisk(dir.file('state'), 1);
    lab.queue({ id: 1, type: 'gated' });
    const first = lab.startWorker({ STATE_DIR: disk.path });
    await waitUntil(() => lab.power.of(1, 'start').length === 1);
    await first.kill();
    disk.setReadOnly(true);
    const worker = lab.startWorker({ STATE_DIR: disk.path });
    await worker.untilLogged('journal cannot be opened, the start waits until it can');
    lab.power.letThrough(1);
    disk.setReadOnly(false);
    await lab.untilEnded(1);
    expect(worker.logged('journal cannot be opened, the start waits until it can')).toHaveLength(1);
    expect(lab.hub.latest(1)?.status).toBe('Completed');
  });

  it('is full when it first starts waits for room, and stops when it is asked to', async () => {
    disk = smallDisk(dir.file('state'), 1);
    disk.fill();
    const worker = lab.startWorker({ STATE_DIR: disk.path });
    await worker.untilLogged('journal cannot be opened, the start waits until it can');
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
  });

  it('has a row that cannot be read aborts its command with the reason, and does the rest', async () => {
    lab.queue({ id: 1, type: 'gated' }, { id: 2, type: 'gated' });
    const first = lab.startWorker();
    await waitUntil(() => lab.power.of(2, 'start').length === 1 && lab.power.of(1, 'start').length === 1);
    await first.kill();
    const db = new Database(join(lab.files.file('state'), 'journal.db'));
    db.exec(`UPDATE command SET command = 'rubbish' WHERE id = 1`);
    db.close();
    lab.power.letThrough(2);
    const worker = lab.startWorker();
    await lab.untilEnded(1, 2);
    expect(lab.hub.latest(1)).toMatchObject({
      status: 'Aborted',
      message: expect.stringContaining('cannot be read'),
    });
    expect(lab.hub.latest(2)?.status).toBe('Completed');
    expect(
      worker.logged('journal entry is unreadable and was set aside, its command is aborted'),
    ).toHaveLength(1);
  });

  it('has a file that is no journal sets it aside and works', async () => {
    const state = lab.files.file('state');
    const first = lab.startWorker();
    await first.untilLogged('polling the hub');
    await first.kill();
    for (const file of readdirSync(state)) writeFileSync(join(state, file), 'no database');
    lab.queue({ id: 1 });
    const worker = lab.startWorker();
    await lab.untilEnded(1);
    expect(worker.logged('journal is unreadable and was set aside, a new one is begun')).toHaveLength(1);
    expect(readdirSync(state).some((file) => file.startsWith('journal.db.unreadable-'))).toBe(true);
  });

  it('holds a newer journal refuses to start, with code 2 and what to do', async () => {
    const first = lab.startWorker();
    await first.untilLogged('polling the hub');
    await first.kill();
    const db = new Database(join(lab.files.file('state'), 'journal.db'));
    db.exec('PRAGMA user_version = 99');
    db.close();
    const worker = lab.startWorker();
    expect(await worker.exited).toBe(2);
    expect(worker.stderr).toContain('journal.db has version 99');
  });
});

/** SQLite writes on into what it has reserved: the disk is full once the worker says so. */
async function fillState(disk: SmallDisk, worker: ReturnType<Lab['startWorker']>): Promise<void> {
  const db = new Database(join(disk.path, 'journal.db'));
  disk.fill();
  try {
    for (let at = 0; ; at += 1) {
      db.prepare('INSERT INTO power_end (fqdn, ended_at) VALUES (?, 0)').run(`${at}${'x'.repeat(2_000)}`);
    }
  } catch {
    disk.fill();
  }
  db.close();
  expect(worker.logged('unhandled error, the process ends')).toEqual([]);
}
