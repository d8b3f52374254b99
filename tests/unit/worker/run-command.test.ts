import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ActionContext } from '../../../src/actions/action-context.ts';
import type { Action, Command } from '../../../src/command.ts';
import { CommandFailedError, InterruptedError } from '../../../src/errors.ts';
import { JournalFullError } from '../../../src/report/held-writes.ts';
import type { Journal } from '../../../src/report/journal.ts';
import type { JournalEntry } from '../../../src/report/journal-entry.ts';
import { Troubles } from '../../../src/troubles.ts';
import { runCommand } from '../../../src/worker/run-command.ts';
import { steadyNow } from '../../../src/steady-clock.ts';
import { SystemsOff } from '../../../src/worker/systems-off.ts';
import { actionContext } from '../../helpers/action-context.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type JournalInDir, journalInDir } from '../../helpers/journal-in-dir.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';

const GROUP = { pgid: 4711, bootId: 'boot', startTicks: 99 };

describe('runCommand', () => {
  let state: JournalInDir;
  let lines: LogLine[];
  let started: JournalEntry[];
  let stop: AbortController;
  let troubles: Troubles;
  let survivors: unknown[];
  let markOff: (id: number) => void;
  let startOf: Journal['started'];

  beforeEach(() => {
    state = journalInDir();
    lines = [];
    started = [];
    stop = new AbortController();
    troubles = new Troubles();
    survivors = [];
    startOf = (...args) => state.journal.started(...args);
    markOff = (id) => state.journal.onOwed(id);
  });
  afterEach(() => state.remove());

  const run = (
    action: Action,
    act: (command: Command, context: ActionContext) => unknown,
    before: () => void = () => undefined,
  ): Promise<'ended' | 'interrupted'> => {
    const command = powerCommand({ id: 7, action, password: 's3cret' });
    const { settings, environment, runProcess, powerScripts, netboot, killing } = actionContext();
    if (state.journal.claiming(command, steadyNow(), [])) state.journal.claimed(7);
    before();
    return runCommand(command, {
      act: async (...args) => {
        await act(...args);
      },
      settings,
      environment,
      runProcess,
      powerScripts,
      netboot,
      killing,
      stopping: stop.signal,
      journal: {
        identity: state.journal.identity,
        entry: (id) => state.journal.entry(id),
        started: (...args) => startOf(...args),
        onOwed: (id) => markOff(id),
        runsIn: (...args) => state.journal.runsIn(...args),
        ended: (...args) => state.journal.ended(...args),
      },
      onStarted: (entry) => started.push(entry),
      roomPatienceMs: 250,
      systemsOff: new SystemsOff(troubles),
      survivors: { add: (...args) => survivors.push(args) },
      log: recordingLogger(lines),
    });
  };
  const entry = (): JournalEntry | undefined => state.journal.entry(7);

  it('remembers which processes of the command cannot be killed', async () => {
    await run('off', (_command, { onSurvivors }) => onSurvivors([{ pid: 4, startTicks: 5 }]));
    expect(survivors).toEqual([[7, [{ pid: 4, startTicks: 5 }]]]);
  });

  it('journals that the action starts before it does, where it runs, and how it ended', async () => {
    const seen: (JournalEntry | undefined)[] = [];
    const end = await run('on', (_command, { onProcessGroup }) => {
      seen.push(entry());
      onProcessGroup(GROUP);
      seen.push(entry());
    });
    expect(end).toBe('ended');
    expect(seen).toMatchObject([{ stage: 'started' }, { stage: 'started', processGroup: GROUP }]);
    expect(started).toMatchObject([{ stage: 'started' }]);
    expect(entry()).toMatchObject({ stage: 'ended', outcome: { status: 'completed' } });
    expect(state.journal.lastPowerEnd('sys1.lab.test')).toBe(entry()?.endedAt);
  });

  it('marks the processes of a command with a name that no other has', async () => {
    let marker = '';
    await run('on', (_command, context) => (marker = context.marker));
    expect(marker).toBe(`${state.journal.identity}/7`);
  });

  it.each([true, false])(
    'passes on whether the system is to blame for a failure: %s',
    async (systemBroken) => {
      await run('off', () => {
        throw new CommandFailedError('no such outlet', { systemBroken });
      });
      expect(entry()?.outcome).toEqual({ status: 'failed', message: 'no such outlet', systemBroken });
    },
  );

  it('fails the command and not the system when the action breaks down, and logs where', async () => {
    await run('off', () => {
      throw new TypeError('undefined is not a function');
    });
    const message = 'off broke down: undefined is not a function';
    expect(entry()?.outcome).toEqual({ status: 'failed', message, systemBroken: false });
    const line = lines.find(({ level }) => level === 'error');
    expect(line?.facts['reason']).toContain('run-command.test.ts');
  });

  it('cuts a message to a thousand characters, head and tail, after it has masked the password', async () => {
    await run('off', ({ power }) => {
      const secret = power?.password.reveal() ?? '';
      throw new CommandFailedError(`head ${`${secret} `.repeat(900)}tail`, { systemBroken: true });
    });
    const outcome = entry()?.outcome;
    const message = outcome?.status === 'failed' ? outcome.message : '';
    expect(message).toMatch(/^head \*{8} .* \[… \d+ characters left out …\] .*\*{8} tail$/);
    expect(message.length).toBeLessThanOrEqual(1_000);
  });

  it('puts into the outcome what the action leaves on purpose, bounded, and keeps it across a restart', async () => {
    await run('clear_netboot', (_command, { onLeft }) => {
      onLeft('files of another system');
      onLeft('x'.repeat(3_000));
    });
    const outcome = state.reopen().entry(7)?.outcome;
    expect(outcome).toEqual({
      status: 'completed',
      message: expect.stringMatching(/^files of another system; x+ \[… \d+ characters left out …\] x+$/),
    });
    expect(outcome?.message?.length).toBeLessThanOrEqual(1_000);
  });

  it('aborts a reboot that it cannot note for want of room, and never begins it', async () => {
    startOf = () => {
      throw new JournalFullError('the journal cannot be written: no room');
    };
    let wasBegun = false;
    await run('reboot', () => (wasBegun = true));
    expect(wasBegun).toBe(false);
    expect(entry()?.outcome).toEqual({
      status: 'aborted',
      message: 'reboot was not begun: the journal cannot be written: no room',
    });
  });

  it('begins a reboot once there is room to note it', async () => {
    let looks = 0;
    startOf = (...args) => {
      looks += 1;
      if (looks === 1) throw new JournalFullError('no room');
      state.journal.started(...args);
    };
    expect(await run('reboot', () => undefined)).toBe('ended');
    expect(entry()?.outcome).toEqual({ status: 'completed' });
  });

  it('runs nothing whose entry was set aside', async () => {
    let wasBegun = false;
    const running = run(
      'on',
      () => (wasBegun = true),
      () => state.journal.setAside(7, 'of another hub'),
    );
    expect([await running, wasBegun]).toEqual(['interrupted', false]);
  });

  it.each(['on', 'off'] as const)(
    'lets a %s that was stopped be run again after the next start',
    async (action) => {
      const end = await run(action, () => {
        throw new InterruptedError('stopped');
      });
      expect(end).toBe('interrupted');
      expect(entry()).toMatchObject({ stage: 'started', outcome: undefined });
    },
  );

  it.each(['reboot', 'interrupt'] as const)(
    'aborts a %s that was stopped, which is not repeated and is not the fault of the system',
    async (action) => {
      const end = await run(action, () => {
        throw new InterruptedError('stopped');
      });
      expect(end).toBe('ended');
      const outcome = { status: 'aborted', message: expect.stringContaining('The worker was stopped') };
      expect(entry()?.outcome).toEqual(outcome);
    },
  );

  it('keeps a reboot that was stopped past its off for the next start, and names the system that is off', async () => {
    const end = await run('reboot', (_command, { reboot }) => {
      reboot.switchedOff();
      throw new InterruptedError('stopped');
    });
    expect(end).toBe('interrupted');
    expect(entry()).toMatchObject({ stage: 'on owed', outcome: undefined });
    expect(troubles.list()).toEqual([expect.stringContaining('sys1.lab.test is off')]);
    const line = lines.find(({ event }) => event === 'system is off, to be switched on after the next start');
    expect(line).toMatchObject({ level: 'error', facts: { fqdn: 'sys1.lab.test', id: 7 } });
  });

  it('lets the next start do no more than the rest of such a reboot', async () => {
    await run('reboot', (_command, { reboot }) => {
      reboot.switchedOff();
      throw new InterruptedError('stopped');
    });
    const seen: boolean[] = [];
    const end = await run('reboot', (_command, { reboot }) => seen.push(reboot.isOff));
    expect([end, seen]).toEqual(['ended', [true]]);
    expect(entry()?.outcome).toEqual({ status: 'completed' });
    expect(troubles.list()).toEqual([]);
  });

  it('leaves no system off because the mark cannot be written', async () => {
    markOff = () => {
      throw new Error('disk full');
    };
    const end = await run('reboot', (_command, { reboot }) => reboot.switchedOff());
    expect(end).toBe('ended');
    expect(lines.map(({ event }) => event)).toContain('reboot past its off is not journaled');
  });

  it.each(['on', 'reboot'] as const)(
    'does not begin a %s once the worker stops: it stays claimed for the next start',
    async (action) => {
      stop.abort();
      const end = await run(action, () => {
        throw new Error('begun');
      });
      expect(end).toBe('interrupted');
      expect(entry()?.stage).toBe('claimed');
      expect(started).toEqual([]);
    },
  );

  it('lets an action that runs end when the worker stops, and keeps its outcome', async () => {
    await run('reboot', () => stop.abort());
    expect(entry()?.outcome).toEqual({ status: 'completed' });
  });

  it('begins no rest with an interrupt', async () => {
    await run('interrupt', () => undefined);
    expect(state.journal.lastPowerEnd('sys1.lab.test')).toBeUndefined();
  });
});
