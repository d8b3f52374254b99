import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Answers } from '../../../src/report/answers.ts';
import { JournalFullError } from '../../../src/report/held-writes.ts';
import { Journal } from '../../../src/report/journal.ts';
import { Troubles } from '../../../src/troubles.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { type SmallDisk, smallDisk } from '../../helpers/small-disk.ts';
import { tempDir, type TempDir } from '../../helpers/temp-dir.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const COMPLETED = { status: 'completed' } as const;
const LONG = 'x'.repeat(3_000);

describe('a journal whose disk is full', () => {
  let dir: TempDir;
  let disk: SmallDisk;
  let journal: Journal;
  let lines: LogLine[];
  let troubles: Troubles;

  beforeEach(() => {
    dir = tempDir();
    disk = smallDisk(dir.file('state'), 1);
    lines = [];
    troubles = new Troubles();
    journal = open();
  });

  afterEach(() => {
    journal.close();
    disk.remove();
    dir.remove();
  });

  const open = (): Journal => new Journal(disk.path, { log: recordingLogger(lines), troubles });
  const fill = (): void => {
    disk.fill();
    // What SQLite has reserved takes some more.
    for (let id = 1_000; !journal.isFull; id += 1) {
      try {
        journal.claiming(powerCommand({ id, password: LONG }), 0, []);
      } catch {
        disk.fill();
      }
    }
  };
  const events = (level: LogLine['level']): readonly string[] =>
    lines.filter((line) => line.level === level).map(({ event }) => event);

  it('takes no claim, holds what becomes of the commands that are here, and writes it when there is room', async () => {
    const [runs, starts, ends] = [1, 2, 3].map((id) => powerCommand({ id, fqdn: `sys${id}.lab` }));
    if (!runs || !starts || !ends) throw new Error('expected three commands');
    for (const command of [runs, starts, ends]) journal.claiming(command, 0, []);
    fill();
    expect(() => journal.claiming(powerCommand({ id: 4 }), 0, [])).toThrow(JournalFullError);
    expect(journal.entry(4)).toBeUndefined();
    journal.claimed(1);
    journal.started(runs, 1_000);
    journal.claimed(2);
    journal.ended(ends, { status: 'failed', message: LONG, systemBroken: true }, 5_000, { beginsRest: true });
    journal.writtenPaths.add('sys1.lab', ['a', 'b']);
    journal.writtenPaths.keepOnly('sys1.lab', ['b', LONG]);
    expect(
      journal
        .entries()
        .slice(0, 3)
        .map(({ stage }) => stage),
    ).toEqual(['started', 'claimed', 'ended']);
    expect(journal.writtenPaths.of('sys1.lab')).toEqual(['b', LONG]);
    expect(troubles.list()).toEqual([expect.stringContaining(`STATE_DIR ${disk.path} cannot be written`)]);

    disk.free();
    await waitUntil(() => !journal.isFull);
    expect(troubles.list()).toEqual([]);
    expect(events('error')).toEqual(['journal cannot be written, nothing is claimed until it can']);
    expect(events('info')).toEqual(['journal is written again']);
    journal.close();
    journal = open();
    expect(
      journal
        .entries()
        .slice(0, 3)
        .map(({ stage }) => stage),
    ).toEqual(['started', 'claimed', 'ended']);
    expect(journal.entry(3)?.outcome).toEqual({ status: 'failed', message: LONG, systemBroken: true });
    expect(journal.lastPowerEnd('sys3.lab')).toBe(5_000);
    expect(journal.writtenPaths.of('sys1.lab')).toEqual(['b', LONG]);
    expect(journal.claiming(powerCommand({ id: 4 }), 0, [])).toBe(true);
  });

  it('does not let a reboot start that it cannot note', () => {
    const reboot = powerCommand({ id: 1, action: 'reboot' });
    journal.claiming(reboot, 0, []);
    journal.claimed(1);
    fill();
    expect(() => journal.started(reboot, 1_000)).toThrow(JournalFullError);
    expect(journal.entry(1)?.stage).toBe('claimed');
  });

  it('is opened, with what is in it', () => {
    journal.claiming(powerCommand({ id: 1 }), 0, []);
    journal.close();
    journal = open();
    fill();
    journal.close();
    disk.fill();
    journal = open();
    expect(journal.entry(1)?.stage).toBe('claiming');
  });

  it('says once how it is, however many commands meet it', () => {
    fill();
    for (let id = 1; id < 100; id += 1) {
      expect(() => journal.claiming(powerCommand({ id }), 0, [])).toThrow(JournalFullError);
      journal.powerEnded(`sys${id}.lab`, id);
    }
    expect(events('error')).toHaveLength(1);
  });

  it('keeps the answers that publishers are owed', () => {
    const command = powerCommand({ id: 1 });
    journal.claiming(command, 0, [{ replyTo: 'first', correlationId: undefined }]);
    fill();
    const published: (string | undefined)[] = [];
    const publisher = {
      offer: () => undefined,
      publish: async ({ routingKey }: { routingKey: string }) => void published.push(routingKey),
    };
    const answers = new Answers({ publisher, journal, lab: 'lab', worker: 'w', log: silentLogger });
    answers.alsoTo(1, { replyTo: 'second', correlationId: undefined });
    journal.ended(command, COMPLETED, 1_000, { beginsRest: true });
    journal.told(1);
    const entry = journal.entry(1);
    if (entry) answers.owed(entry);
    expect(published).toEqual(['first', 'second']);
  });
});
