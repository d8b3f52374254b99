import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CommandRecord } from '../../../src/server/command-record.ts';
import type { NewCommand } from '../../../src/server/new-command.ts';
import { openStore, type Store } from '../../../src/server/store.ts';
import { labSystem } from '../../helpers/server-systems.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const LAB = 'lab.example.com';

describe('the store', () => {
  let nowMs = 1_000_000;
  let wallAheadMs = 0;
  let store: Store;
  const clocks = { wall: () => nowMs + wallAheadMs, steady: () => nowMs };

  beforeEach(() => {
    nowMs = 1_000_000;
    wallAheadMs = 0;
    store = openStore(':memory:', clocks);
    store.systems.putAll([labSystem('sys1.lab'), labSystem('sys2.lab'), labSystem('other.lab', 'elsewhere')]);
  });
  afterEach(() => store.close());

  const queue = (...asked: NewCommand[]): number[] =>
    store.commands.add(LAB, asked).map(({ command }) => command.id);

  describe('queueing', () => {
    it('takes power settings and rest from the system as they are at that time', () => {
      queue({ fqdn: 'SYS1.lab', action: 'on' });
      store.systems.put({ ...labSystem('sys1.lab'), quiescentPeriodS: 99 });
      const [record] = store.queries.queued(LAB);
      expect(record?.command).toMatchObject({ fqdn: 'sys1.lab', action: 'on', quiescentPeriodS: 5 });
      expect(record?.command.power?.password.reveal()).toBe('hunter2-sys1.lab');
    });

    it('lets a command override single power settings and keeps the others', () => {
      queue({ fqdn: 'sys1.lab', action: 'off', power: { address: 'pdu7', id: '3' }, quiescent_period: 0 });
      const command = store.queries.queued(LAB)[0]?.command;
      expect(command).toMatchObject({
        quiescentPeriodS: 0,
        power: { address: 'pdu7', id: '3', user: 'admin' },
      });
      expect(command?.power?.password.reveal()).toBe('hunter2-sys1.lab');
    });

    it.each([3_600_000, -3_600_000])('counts a delay by no clock that is set (by %i ms)', (setByMs) => {
      queue({ fqdn: 'sys1.lab', action: 'on', delay: 10 });
      nowMs += 4_000;
      wallAheadMs = setByMs;
      expect(store.queries.queued(LAB)[0]?.command.delayS).toBe(6);
    });

    it('lets no delay become longer when the clock was set back while the server was away', () => {
      const dir = tempDir();
      const first = openStore(dir.path, clocks);
      first.systems.putAll([labSystem('sys1.lab')]);
      first.commands.add(LAB, [{ fqdn: 'sys1.lab', action: 'on', delay: 10 }]);
      first.close();
      wallAheadMs = -3_600_000;
      const second = openStore(dir.path, clocks);
      expect(second.queries.queued(LAB)[0]?.command.delayS).toBe(10);
      nowMs += 4_000;
      expect(second.queries.queued(LAB)[0]?.command.delayS).toBe(6);
      second.close();
      dir.remove();
    });

    it('gives power settings to power actions only, and rest to on and off only', () => {
      queue({ fqdn: 'sys1.lab', action: 'clear_logs' }, { fqdn: 'sys1.lab', action: 'interrupt' });
      const [clear, interrupt] = store.queries.queued(LAB);
      expect(clear?.command).toMatchObject({ power: undefined, quiescentPeriodS: 0 });
      expect(interrupt?.command).toMatchObject({ power: { type: 'ipmitool' }, quiescentPeriodS: 0 });
    });

    it('queues all commands of a request or none, and says which one is wrong', () => {
      const good: NewCommand = { fqdn: 'sys1.lab', action: 'on' };
      expect(() => queue(good, { fqdn: 'nosuch.lab', action: 'on' })).toThrow(
        'commands[1]: lab lab.example.com has no system nosuch.lab',
      );
      expect(() => queue(good, { fqdn: 'sys1.lab', action: 'configure_netboot' })).toThrow(
        /^commands\[1\]: invalid command: netboot: expected kernel and initrd/,
      );
      expect(() => queue({ fqdn: 'other.lab', action: 'on' })).toThrow('has no system other.lab');
      expect(store.queries.queued(LAB)).toEqual([]);
    });

    it('gives a delay as what remains of it, and nothing once it is over', () => {
      queue({ fqdn: 'sys1.lab', action: 'on', delay: 10 });
      nowMs += 4_000;
      expect(store.queries.queued(LAB)[0]?.command.delayS).toBe(6);
      nowMs += 10_000;
      expect(store.queries.queued(LAB)[0]?.command.delayS).toBe(0);
    });
  });

  describe('the steps of a command', () => {
    it('keep when each happened, and the outcome', () => {
      const [id = 0] = queue({ fqdn: 'sys1.lab', action: 'on' });
      nowMs += 1;
      store.commands.markRunning(LAB, id);
      nowMs += 1;
      const ended = store.commands.markEnded(LAB, id, {
        status: 'failed',
        message: 'it burns',
        systemBroken: true,
      });
      expect(ended).toMatchObject({
        status: 'Failed',
        message: 'it burns',
        systemBroken: true,
        queuedAtMs: 1_000_000,
        startedAtMs: 1_000_001,
        finishedAtMs: 1_000_002,
      });
    });

    it('refuse a second claim, an end without a claim, a second end, and a late cancel', () => {
      const [id = 0] = queue({ fqdn: 'sys1.lab', action: 'on' });
      const end = () => store.commands.markEnded(LAB, id, { status: 'completed' });
      expect(end).toThrow(`Command ${id} not running`);
      store.commands.markRunning(LAB, id);
      expect(() => store.commands.markRunning(LAB, id)).toThrow(`Command ${id} already run`);
      expect(() => store.commands.cancel(LAB, id)).toThrow('only a Queued command can be cancelled');
      end();
      expect(end).toThrow(`Command ${id} not running`);
      expect(() => store.commands.markRunning(LAB, id)).toThrow(`Command ${id} already run`);
    });

    it('know nothing of the commands of another lab', () => {
      const [id = 0] = queue({ fqdn: 'sys1.lab', action: 'on' });
      expect(() => store.commands.markRunning('elsewhere', id)).toThrow(`lab elsewhere has no command ${id}`);
      expect(() => store.queries.get('elsewhere', id)).toThrow(`lab elsewhere has no command ${id}`);
      expect(store.queries.queued('elsewhere')).toEqual([]);
      expect(store.queries.find('elsewhere', { ids: [id], limit: 10 })).toEqual([]);
    });

    it('abort all that runs in the lab, and nothing that waits', () => {
      const [first = 0, second = 0] = queue(
        { fqdn: 'sys1.lab', action: 'on' },
        { fqdn: 'sys2.lab', action: 'on' },
      );
      store.commands.markRunning(LAB, first);
      expect(store.commands.abortRunning(LAB, 'restarted').map(({ command }) => command.id)).toEqual([first]);
      expect(store.queries.get(LAB, first)).toMatchObject({ status: 'Aborted', message: 'restarted' });
      expect(store.queries.get(LAB, second).status).toBe('Queued');
    });

    it('reach a command one way only, whatever is tried in whatever order', () => {
      const next: Record<string, string[]> = {
        Queued: ['Running', 'Aborted'],
        Running: ['Completed', 'Failed', 'Aborted'],
      };
      const tries = fc.array(fc.constantFrom('claim', 'complete', 'fail', 'abort', 'cancel', 'clear'), {
        maxLength: 12,
      });
      fc.assert(
        fc.property(tries, (steps) => {
          const [id = 0] = queue({ fqdn: 'sys1.lab', action: 'on' });
          const steady: Record<string, () => unknown> = {
            claim: () => store.commands.markRunning(LAB, id),
            complete: () => store.commands.markEnded(LAB, id, { status: 'completed' }),
            fail: () =>
              store.commands.markEnded(LAB, id, { status: 'failed', message: '', systemBroken: false }),
            abort: () => store.commands.markEnded(LAB, id, { status: 'aborted', message: '' }),
            cancel: () => store.commands.cancel(LAB, id),
            clear: () => store.commands.abortRunning(LAB, ''),
          };
          for (const step of steps) {
            const before = store.queries.get(LAB, id);
            try {
              steady[step]?.();
            } catch {
              expect(store.queries.get(LAB, id)).toEqual(before);
            }
            const after = store.queries.get(LAB, id);
            if (after.status === before.status) expect(after.seq).toBe(before.seq);
            else expect(next[before.status]).toContain(after.status);
          }
        }),
        { numRuns: 50 },
      );
    });
  });

  describe('changes', () => {
    it('are told one by one, in order, with rising numbers, after they are stored', () => {
      const told: [CommandRecord, string][] = [];
      const unsubscribe = store.commands.subscribe((record) => {
        told.push([record, store.queries.get(LAB, record.command.id).status]);
      });
      const [first = 0, second = 0] = queue(
        { fqdn: 'sys1.lab', action: 'off' },
        { fqdn: 'sys1.lab', action: 'on' },
      );
      store.commands.markRunning(LAB, first);
      store.commands.cancel(LAB, second);
      expect(told.map(([record, stored]) => [record.command.id, record.status, stored])).toEqual([
        [first, 'Queued', 'Queued'],
        [second, 'Queued', 'Queued'],
        [first, 'Running', 'Running'],
        [second, 'Aborted', 'Aborted'],
      ]);
      const numbers = told.map(([{ seq }]) => seq);
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      unsubscribe();
      queue({ fqdn: 'sys1.lab', action: 'on' });
      expect(told).toHaveLength(4);
    });

    it('can be asked for from any one on', () => {
      const [first = 0, second = 0] = queue(
        { fqdn: 'sys1.lab', action: 'off' },
        { fqdn: 'sys1.lab', action: 'on' },
      );
      const { seq } = store.queries.get(LAB, second);
      expect(store.queries.find(LAB, { changedAfter: seq, limit: 10 })).toEqual([]);
      store.commands.markRunning(LAB, first);
      const changed = store.queries.find(LAB, { changedAfter: seq, limit: 10 });
      expect(changed.map(({ command, status }) => [command.id, status])).toEqual([[first, 'Running']]);
    });
  });

  describe('questions', () => {
    it('list what is unfinished in all labs, by id', () => {
      const [done = 0, running = 0] = queue(
        { fqdn: 'sys1.lab', action: 'off' },
        { fqdn: 'sys2.lab', action: 'on' },
      );
      store.commands.add('elsewhere', [{ fqdn: 'other.lab', action: 'on' }]);
      store.commands.markRunning(LAB, running);
      store.commands.cancel(LAB, done);
      expect(store.queries.unfinished().map(({ lab, status }) => [lab, status])).toEqual([
        [LAB, 'Running'],
        ['elsewhere', 'Queued'],
      ]);
    });

    it('page through commands by id', () => {
      const ids = queue(...Array.from({ length: 5 }, (): NewCommand => ({ fqdn: 'sys1.lab', action: 'on' })));
      const idsOf = (records: readonly CommandRecord[]) => records.map(({ command }) => command.id);
      expect(idsOf(store.queries.find(LAB, { limit: 2 }))).toEqual(ids.slice(0, 2));
      expect(idsOf(store.queries.find(LAB, { after: ids[1], limit: 2 }))).toEqual(ids.slice(2, 4));
      expect(idsOf(store.queries.find(LAB, { ids: [ids[4] ?? 0, ids[0] ?? 0], limit: 9 }))).toEqual([
        ids[0],
        ids[4],
      ]);
    });
  });

  describe('systems', () => {
    it('belong to one lab', () => {
      expect(() => store.systems.put(labSystem('sys1.lab', 'elsewhere'))).toThrow(
        'another lab has a system sys1.lab',
      );
      expect(store.systems.find('elsewhere', 'sys1.lab')).toBeUndefined();
      expect(store.systems.list(LAB).map(({ fqdn }) => fqdn)).toEqual(['sys1.lab', 'sys2.lab']);
    });
  });
});
