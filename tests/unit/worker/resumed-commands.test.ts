import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Command } from '../../../src/command.ts';
import { HubUnreachableError } from '../../../src/hub/hub-errors.ts';
import { ResumedCommands, type ResumedCommandsOptions } from '../../../src/worker/resumed-commands.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { type JournalInDir, journalInDir } from '../../helpers/journal-in-dir.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';

describe('commands of a former life', () => {
  const reboot = powerCommand({ id: 1, action: 'reboot' });
  let state: JournalInDir;
  let stopping: AbortController;
  let happened: string[];
  let runningIds: () => Promise<readonly number[]>;

  beforeEach(() => {
    state = journalInDir();
    stopping = new AbortController();
    happened = [];
    runningIds = async () => [];
    state.journal.claiming(reboot, 1000, []);
    state.journal.claimed(1);
  });
  afterEach(() => {
    stopping.abort();
    state.remove();
  });

  const resumed = (more: Partial<ResumedCommandsOptions> = {}): ResumedCommands =>
    new ResumedCommands({
      hub: {
        runningIds: () => {
          happened.push('asked');
          return runningIds();
        },
      },
      journal: state.journal,
      check: {
        passed: async () => void happened.push('hub checked'),
        isAnother: ({ id }) => id === 2,
      },
      hasOthers: true,
      announced: async () => void happened.push('announced'),
      onStaysOff: ({ fqdn }) => happened.push(`${fqdn} stays off`),
      signal: stopping.signal,
      log: silentLogger,
      ...more,
    });
  const run = async ({ id }: Command): Promise<'ended'> => {
    happened.push(`${id} runs`);
    return 'ended';
  };
  const ask = async ({ id }: Command): Promise<'won'> => {
    happened.push(`${id} is asked for`);
    return 'won';
  };

  it('run while the hub lists them, which is asked once the others know of them', async () => {
    runningIds = async () => [1];
    expect(await resumed().runIfOurs(reboot, run)).toBe('ended');
    expect(happened).toEqual(['announced', 'asked', '1 runs']);
  });

  it.each([false, true])(
    'do not run when the hub has ended them, and a system that is left off is named: %s',
    async (isOff) => {
      state.journal.started(reboot, 2000);
      if (isOff) state.journal.onOwed(1);
      expect(await resumed().runIfOurs(reboot, run)).toBe('ended');
      expect(happened).toEqual(['announced', 'asked', ...(isOff ? ['sys1.lab.test stays off'] : [])]);
      expect(state.journal.entry(1)).toMatchObject({ stage: 'ended', outcome: { status: 'aborted' } });
    },
  );

  it('wait for a hub that is away, until a stop leaves them to the next start', async () => {
    const askedAt: number[] = [];
    runningIds = async () => {
      askedAt.push(performance.now());
      if (askedAt.length === 4) stopping.abort();
      throw new HubUnreachableError('away', { mayHaveActed: false });
    };
    expect(await resumed().runIfOurs(reboot, run)).toBe('interrupted');
    expect(happened).toEqual(['announced', ...askedAt.map(() => 'asked')]);
    const [first = NaN, , , last = NaN] = askedAt;
    // Three waits of chance, the longest up to a second: not a loop that leaves the hub no moment.
    expect(last - first).toBeGreaterThan(10);
    expect(state.journal.entry(1)?.stage).toBe('claimed');
  });

  it('run at once where no other worker can have been given them, though the hub is away', async () => {
    const check = { passed: () => Promise.reject(new Error('away')), isAnother: () => false };
    expect(await resumed({ hasOthers: false, check }).runIfOurs(reboot, run)).toBe('ended');
    expect(happened).toEqual(['1 runs']);
  });

  it('are asked about once: what comes under the id later, or has not been here before, is of this life', async () => {
    const commands = resumed();
    runningIds = async () => [1];
    for (const command of [reboot, reboot, powerCommand({ id: 3 })]) await commands.runIfOurs(command, run);
    expect(happened).toEqual(['announced', 'asked', '1 runs', '1 runs', '3 runs']);
  });

  it('are asked for once it is known that the hub is the same, and not when they were set aside for that', async () => {
    state.journal.claiming(powerCommand({ id: 4 }), 1000, []);
    const commands = resumed();
    state.journal.setAside(4, 'another hub');
    expect(await commands.claimIfSameHub(reboot, ask)).toBe('won');
    expect(await commands.claimIfSameHub(powerCommand({ id: 4 }), ask)).toBe('lost');
    expect(happened).toEqual(['hub checked', '1 is asked for', 'hub checked']);
  });

  it('are not asked for while the hub does not answer, nor what the hub lists as another command', async () => {
    const check = { passed: () => Promise.reject(new Error('away')), isAnother: () => false };
    expect(await resumed({ check }).claimIfSameHub(reboot, ask)).toBe('undecided');
    expect(await resumed().claimIfSameHub(powerCommand({ id: 2 }), ask)).toBe('undecided');
    expect(await resumed().claimIfSameHub(powerCommand({ id: 3 }), ask)).toBe('won');
    expect(happened).toEqual(['hub checked', 'hub checked', '3 is asked for']);
  });
});
