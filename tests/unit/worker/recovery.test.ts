import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Action } from '../../../src/command.ts';
import { RUN_MARKER } from '../../../src/process/end-group.ts';
import type { JournalEntry } from '../../../src/report/journal-entry.ts';
import { recover } from '../../../src/worker/recovery.ts';
import { runMarker } from '../../../src/worker/run-command.ts';
import { steadyNow } from '../../../src/steady-clock.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { isAlive } from '../../helpers/is-alive.ts';
import { type JournalInDir, journalInDir } from '../../helpers/journal-in-dir.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('recover', () => {
  let state: JournalInDir;
  let resumed: [number, string][];
  let owed: JournalEntry[];
  let off: string[];
  let leftOvers: ChildProcess[];

  beforeEach(() => {
    state = journalInDir();
    resumed = [];
    owed = [];
    off = [];
    leftOvers = [];
  });
  afterEach(async () => {
    for (const script of leftOvers) {
      if (script.exitCode === null && script.signalCode === null) {
        script.kill('SIGKILL');
        await once(script, 'exit');
      }
    }
    state.remove();
  });

  /** Resolves when each command is resumed, or is known not to be. */
  const takeUp = async (signal = new AbortController().signal): Promise<void> => {
    const clearances: Promise<unknown>[] = [];
    recover({
      journal: state.reopen(),
      queue: {
        resume: ({ id }, from, clear) =>
          clearances.push((async () => (await clear) !== false && resumed.push([id, from]))()),
      },
      onTold: (entry) => owed.push(entry),
      onSystemOff: ({ fqdn }) => off.push(fqdn),
      signal,
      log: silentLogger,
    });
    await Promise.all(clearances);
    resumed.sort(([a], [b]) => a - b);
  };
  const claimed = (id: number, action: Action = 'on') => {
    const command = powerCommand({ id, action });
    state.journal.claiming(command, 1000, []);
    state.journal.claimed(id);
    return command;
  };

  it('takes up each command where it stood, in the order of ids', async () => {
    state.journal.ended(claimed(5), { status: 'completed' }, 3000, { beginsRest: true });
    state.journal.ended(claimed(4), { status: 'completed' }, 3000, { beginsRest: true });
    state.journal.told(4);
    state.journal.started(claimed(3), 2000);
    claimed(2);
    state.journal.claiming(powerCommand({ id: 1 }), 1000, []);
    await takeUp();
    expect(resumed).toEqual([
      [1, 'claim'],
      [2, 'run'],
      [3, 'run'],
      [5, 'report'],
    ]);
    expect(owed.map(({ command }) => command.id)).toEqual([4]);
  });

  it.each(['on', 'off', 'clear_logs', 'configure_netboot', 'clear_netboot'] as const)(
    'runs a %s again that a crash cut short',
    async (action) => {
      const netboot = { kernelUrl: 'http://k', initrdUrl: 'http://i', kernelOptions: '', arch: 'x86_64' };
      const command = {
        ...powerCommand({ id: 1, action }),
        netboot: { ...netboot, imageUrl: undefined, distroTreeId: undefined },
      };
      state.journal.claiming(command, 1000, []);
      state.journal.started(command, 2000);
      await takeUp();
      expect(resumed).toEqual([[1, 'run']]);
    },
  );

  it.each(['reboot', 'interrupt'] as const)(
    'aborts a %s that a crash cut short, once and for all',
    async (action) => {
      state.journal.started(claimed(1, action), 2000);
      const before = steadyNow();
      await takeUp();
      expect(resumed).toEqual([[1, 'report']]);
      expect(state.journal.entry(1)).toMatchObject({
        stage: 'ended',
        outcome: { status: 'aborted', message: expect.stringContaining(`while ${action} was under way`) },
      });
      const lastPowerEnd = state.journal.lastPowerEnd('sys1.lab.test');
      if (action === 'reboot') expect(lastPowerEnd).toBeGreaterThanOrEqual(before);
      else expect(lastPowerEnd).toBeUndefined();
    },
  );

  it('goes on with a reboot that was cut short after its off, and names the system that is off', async () => {
    const script = leftOver(1);
    state.journal.started(claimed(1, 'reboot'), 2000);
    state.journal.onOwed(1);
    await takeUp();
    expect(isAlive(script.pid ?? 0)).toBe(false);
    expect(resumed).toEqual([[1, 'run']]);
    expect(off).toEqual(['sys1.lab.test']);
    expect(state.journal.entry(1)).toMatchObject({ stage: 'on owed', startedAt: 2000 });
  });

  it('runs a reboot that was claimed and not begun', async () => {
    claimed(1, 'reboot');
    await takeUp();
    expect(resumed).toEqual([[1, 'run']]);
  });

  it('ends what is left of a former run before it takes anything up', async () => {
    const script = leftOver(1);
    state.journal.started(claimed(1), 2000);
    await takeUp();
    expect(isAlive(script.pid ?? 0)).toBe(false);
    expect(resumed).toEqual([[1, 'run']]);
  });

  it('leaves a command to the next start when a stop comes while its former run is being ended', async () => {
    const script = leftOver(1, { isDeaf: true });
    await waitUntil(() => script.stdout?.readableLength);
    state.journal.started(claimed(1, 'reboot'), 2000);
    claimed(2);
    const stop = new AbortController();
    const recovery = takeUp(stop.signal);
    stop.abort();
    await recovery;
    expect(resumed).toEqual([[2, 'run']]);
    expect(state.journal.entries().map(({ stage }) => stage)).toEqual(['started', 'claimed']);
  });

  /** A process that a former life would have started for command `id`. */
  function leftOver(id: number, { isDeaf = false } = {}): ChildProcess {
    const code = `process.on('SIGTERM', () => ${isDeaf ? '{}' : 'process.exit()'}); console.log('up'); setInterval(() => {}, 1000)`;
    const script = spawn(process.execPath, ['-e', code], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { [RUN_MARKER]: runMarker(state.journal, id) },
    });
    leftOvers.push(script);
    return script;
  }
});
