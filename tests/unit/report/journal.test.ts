import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { ConfigError } from '../../../src/errors.ts';
import { Journal } from '../../../src/report/journal.ts';
import { openWrittenPaths } from '../../../src/report/written-paths.ts';
import { steadyNow } from '../../../src/steady-clock.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('Journal', () => {
  let stateDir: string;
  let journal: Journal;

  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'journal-'));
    journal = new Journal(stateDir);
  });

  afterEach(() => {
    journal.close();
    rmSync(stateDir, { recursive: true });
  });

  function reopen(): void {
    journal.close();
    journal = new Journal(stateDir);
  }

  it('remembers a command, where it stands and where it runs, across a restart', () => {
    const command = powerCommand({ id: 7, password: 's3cret' });
    const group = { pgid: 4711, bootId: 'boot', startTicks: 99 };

    journal.claiming(command, 1000, [{ replyTo: 'answers', correlationId: 'c1' }]);
    journal.claimed(7);
    journal.started(command, 2000);
    journal.runsIn(7, group);
    reopen();

    const entry = journal.entry(7);
    expect(entry).toMatchObject({
      stage: 'started',
      receivedAt: 1000,
      startedAt: 2000,
      processGroup: group,
      replies: [{ replyTo: 'answers', correlationId: 'c1' }],
    });
    expect(entry?.command).toEqual(command);
    expect(entry?.command.power?.password.reveal()).toBe('s3cret');
  });

  it('remembers the start of what must not be repeated, and that its system is off, across a restart', () => {
    const reboot = powerCommand({ id: 7, action: 'reboot' });
    journal.claiming(reboot, 1000, []);
    journal.started(reboot, 2000);
    reopen();
    expect(journal.entry(7)).toMatchObject({ stage: 'started', startedAt: 2000 });
    journal.onOwed(7);
    reopen();
    expect(journal.entry(7)?.stage).toBe('on owed');
  });

  it('keeps the outcome but no secret once a command has ended', () => {
    const command = powerCommand({ id: 7, password: 'unforgettable' });
    const outcome = { status: 'failed', message: 'no route', systemBroken: true } as const;

    journal.claiming(command, 1000, []);
    journal.ended(command, outcome, 3000, { beginsRest: true });
    reopen();

    expect(journal.entry(7)).toMatchObject({ stage: 'ended', outcome, endedAt: 3000 });
    expect(journal.entry(7)?.command.power?.password.reveal()).toBe('');
    journal.close();
    const left = readdirSync(stateDir).map((file) => readFileSync(join(stateDir, file)));
    expect(left.length).toBeGreaterThan(1);
    expect(left.filter((content) => content.includes('unforgettable'))).toEqual([]);
    journal = new Journal(stateDir);
  });

  it('remembers when the power of a system was last switched, whatever the case of its name', () => {
    const command = powerCommand({ id: 1, fqdn: 'Sys1.Lab' });
    journal.claiming(command, 0, []);
    journal.ended(command, { status: 'completed' }, 5000, { beginsRest: true });
    journal.forget(1);
    reopen();
    expect(journal.lastPowerEnd('sys1.lab')).toBe(5000);
    expect(journal.lastPowerEnd('sys2.lab')).toBeUndefined();
    expect(journal.entries()).toEqual([]);
  });

  it('keeps no time of an earlier boot of the machine, and none of the wall clock', () => {
    const command = powerCommand({ id: 1, fqdn: 'sys1.lab' });
    journal.claiming(command, 1_000, []);
    journal.started(command, 2_000);
    journal.powerEnded('sys1.lab', 3_000);
    journal.close();
    const database = new Database(join(stateDir, 'journal.db'));
    database.exec(`UPDATE boot SET id = 'an earlier one'`);
    database.close();
    const before = steadyNow();
    journal = new Journal(stateDir);
    expect(journal.lastPowerEnd('sys1.lab')).toBeUndefined();
    const { receivedAt = 0, startedAt, endedAt } = journal.entry(1) ?? {};
    expect(receivedAt).toBeGreaterThanOrEqual(before);
    expect(startedAt).toBe(receivedAt);
    expect(endedAt).toBeUndefined();
  });

  it.each([3_600_000, -3_600_000])(
    'begins each life later than the one before, even with a clock that was set (by %i ms)',
    (setByMs) => {
      const { startedAtMs } = journal;
      journal.close();
      const database = new Database(join(stateDir, 'journal.db'));
      database.prepare('UPDATE life SET began_at = began_at - ?').run(setByMs);
      database.close();
      journal = new Journal(stateDir);
      expect(journal.startedAtMs).toBeGreaterThan(startedAtMs - setByMs);
      expect(journal.startedAtMs).toBeGreaterThanOrEqual(startedAtMs);
    },
  );

  it('remembers the workers that were there and had not left, across a restart', () => {
    for (const worker of ['w1', 'w2', 'w2']) journal.colleagueCame(worker);
    journal.colleagueLeft('w1');
    reopen();
    expect(journal.colleagues()).toEqual(['w2']);
  });

  it('does not overwrite a command that it knows already', () => {
    const command = powerCommand({ id: 7 });
    expect(journal.claiming(command, 1000, [])).toBe(true);
    journal.ended(command, { status: 'completed' }, 2000, { beginsRest: false });
    expect(journal.claiming(command, 3000, [])).toBe(false);
    expect(journal.entry(7)).toMatchObject({ stage: 'ended', receivedAt: 1000 });
  });

  it('collects every place that wants an answer', () => {
    journal.claiming(powerCommand({ id: 7 }), 0, [{ replyTo: 'a', correlationId: undefined }]);
    journal.alsoReplyTo(7, { replyTo: 'b', correlationId: '2' });
    journal.alsoReplyTo(8, { replyTo: 'nobody', correlationId: undefined });
    expect(journal.entry(7)?.replies.map(({ replyTo }) => replyTo)).toEqual(['a', 'b']);
  });

  it('refuses a directory that another worker uses, naming it', () => {
    expect(() => new Journal(stateDir)).toThrow(ConfigError);
    expect(() => new Journal(stateDir)).toThrow(`${stateDir} is in use by another worker`);
  });

  it('names its directory when a claim cannot be written, and holds an outcome until it can', async () => {
    const command = powerCommand({ id: 1 });
    const outcome = { status: 'completed' } as const;
    journal.claiming(command, 0, []);
    const intruder = new Database(join(stateDir, 'journal.db'));
    intruder.exec('BEGIN IMMEDIATE');
    const reason = `${stateDir} cannot be written: database is locked`;
    expect(() => journal.claiming(powerCommand({ id: 2 }), 0, [])).toThrow(reason);
    journal.ended(command, outcome, 5000, { beginsRest: true });
    expect([journal.isFull, journal.entry(1)?.outcome]).toEqual([true, outcome]);
    intruder.close();
    await waitUntil(() => !journal.isFull);
    expect(journal.claiming(powerCommand({ id: 2 }), 0, [])).toBe(true);
    reopen();
    expect([journal.entry(1)?.outcome, journal.lastPowerEnd(command.fqdn)]).toEqual([outcome, 5000]);
  }, 20_000);

  it('refuses a journal of a newer version by name, and says what to do', () => {
    journal.close();
    const db = new Database(join(stateDir, 'journal.db'));
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(() => new Journal(stateDir)).toThrow(ConfigError);
    expect(() => new Journal(stateDir)).toThrow(
      /journal\.db has version 99, expected \d+ or less: .*start that version again/,
    );
    const again = new Database(join(stateDir, 'journal.db'));
    again.exec('PRAGMA user_version = 1');
    again.close();
    journal = new Journal(stateDir);
  });

  it('takes over a journal of before there were versions', () => {
    journal.claiming(powerCommand({ id: 7 }), 1000, []);
    journal.close();
    const db = new Database(join(stateDir, 'journal.db'));
    db.exec(
      'DROP TABLE set_aside; DROP TABLE hub; DROP TABLE room; DROP TABLE life; PRAGMA user_version = 0',
    );
    db.close();
    journal = new Journal(stateDir);
    expect(journal.entry(7)).toMatchObject({ stage: 'claiming', receivedAt: 1000 });
  });

  it.each([
    ['the command', `command = '{"id":7,"power":{"passwd":"unforgettable"}}'`],
    ['the command, which is no JSON', `command = '{"id":7,"power":{"passwd":"unforgettable'`],
    ['the id, which is that of another command', `command = json_set(command, '$.id', 9)`],
    ['the stage', `stage = 'dreaming'`],
    ['the replies', `replies = 'none'`],
    ['an outcome that is missing', `stage = 'ended'`],
  ])('sets an entry aside in which %s is unreadable, and goes on with the rest', (_what, change) => {
    journal.claiming(powerCommand({ id: 7, password: 'unforgettable' }), 1000, []);
    journal.claiming(powerCommand({ id: 8 }), 1000, []);
    journal.close();
    const db = new Database(join(stateDir, 'journal.db'));
    db.pragma('secure_delete = ON');
    db.exec(`UPDATE command SET ${change} WHERE id = 7`);
    db.close();
    const lines: LogLine[] = [];
    journal = new Journal(stateDir, { log: recordingLogger(lines) });
    expect(journal.entries().map(({ command }) => command.id)).toEqual([8]);
    expect(journal.unreadable()).toEqual([{ id: 7, reason: expect.stringContaining('cannot be read') }]);
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    reopen();
    expect(journal.unreadable().map(({ id }) => id)).toEqual([7]);
    journal.unreadableAborted(7);
    reopen();
    expect(journal.unreadable()).toEqual([]);
    journal.close();
    const left = readdirSync(stateDir).filter((file) =>
      readFileSync(join(stateDir, file)).includes('unforgettable'),
    );
    expect(left).toEqual([]);
    const after = new Database(join(stateDir, 'journal.db'));
    expect(after.prepare('SELECT entry FROM set_aside').all()).toEqual([
      { entry: expect.stringMatching(/"passwd":"\*{8}"|characters that are no JSON/) },
    ]);
    after.close();
    journal = new Journal(stateDir);
  });

  it.each<[string, (content: Buffer) => Buffer]>([
    ['is no database', () => Buffer.from('no database at all. '.repeat(500))],
    ['was cut short', (content) => content.subarray(0, content.length - 5000)],
    [
      'has a page of rubbish',
      (content) =>
        Buffer.concat([content.subarray(0, 4096), Buffer.alloc(4096, 0x41), content.subarray(8192)]),
    ],
  ])('sets a file aside that %s, and begins a new one', (_what, damage) => {
    for (let id = 1; id < 50; id += 1) journal.claiming(powerCommand({ id }), 0, []);
    journal.close();
    const path = join(stateDir, 'journal.db');
    const content = readFileSync(path);
    for (const file of readdirSync(stateDir)) if (file !== 'worker.lock') rmSync(join(stateDir, file));
    writeFileSync(path, damage(content));
    const lines: LogLine[] = [];
    journal = new Journal(stateDir, { log: recordingLogger(lines) });
    expect(journal.entries()).toEqual([]);
    expect(lines.map(({ event }) => event)).toEqual([
      'journal is unreadable and was set aside, a new one is begun',
    ]);
    expect(readdirSync(stateDir).some((file) => file.startsWith('journal.db.unreadable-'))).toBe(true);
    expect(journal.claiming(powerCommand({ id: 1 }), 0, [])).toBe(true);
  });

  it('sets a FIFO aside, and does not wait for its reader', () => {
    journal.close();
    for (const file of readdirSync(stateDir)) if (file !== 'worker.lock') rmSync(join(stateDir, file));
    execFileSync('mkfifo', [join(stateDir, 'journal.db')]);
    const lines: LogLine[] = [];
    expect(openWrittenPaths(stateDir, recordingLogger(lines))).toBeUndefined();
    journal = new Journal(stateDir, { log: recordingLogger(lines) });
    expect(lines.map(({ event }) => event)).toEqual([
      'journal cannot be used, what it remembers of the TFTP tree is left as it is',
      'journal is unreadable and was set aside, a new one is begun',
    ]);
    expect(journal.claiming(powerCommand({ id: 1 }), 0, [])).toBe(true);
  });

  it('refuses a directory that cannot be made, with the reason', () => {
    const file = join(stateDir, 'journal.db');
    expect(() => new Journal(join(file, 'sub'))).toThrow(
      /STATE_DIR: cannot write in .*journal.db\/sub: ENOTDIR/,
    );
  });

  it('lets nobody else read what it holds', () => {
    expect(statSync(join(stateDir, 'journal.db')).mode & 0o077).toBe(0);
  });
});
