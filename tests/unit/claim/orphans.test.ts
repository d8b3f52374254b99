import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { watchOrphans } from '../../../src/claim/orphans.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { WrongLabError } from '../../../src/hub/hub-errors.ts';
import { Roster } from '../../../src/roster/roster.ts';
import { steadyNow } from '../../../src/steady-clock.ts';
import { announced, announcement } from '../../helpers/announcements.ts';
import { FakeHub } from '../../helpers/fake-hub.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const MINUTE = 60_000;

describe('watchOrphans', () => {
  let hub: FakeHub;
  let ours: Set<number>;
  let stop: AbortController;
  let watches: Promise<void>[];
  let lines: LogLine[];

  beforeEach(() => {
    hub = new FakeHub([1, 2, 3, 4].map((id) => powerCommand({ id })));
    for (const id of [1, 2, 3]) hub.claimElsewhere(id);
    ours = new Set();
    stop = new AbortController();
    watches = [];
    lines = [];
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(watches);
  });

  const watch = (intervalMs: number): void => {
    const { signal } = stop;
    const log = recordingLogger(lines);
    watches.push(watchOrphans({ hub, isOurs: (id) => ours.has(id), intervalMs, signal, log }));
  };
  const statuses = (): (string | undefined)[] => [1, 2, 3, 4].map((id) => hub.status(id));

  it('aborts at once what runs and nobody knows, and touches nothing else', async () => {
    ours.add(2);
    watch(MINUTE);
    await waitUntil(() => hub.status(3) === 'aborted');
    expect(statuses()).toEqual(['aborted', 'Running', 'aborted', 'Queued']);
    expect(hub.outcome(1)).toEqual({ status: 'aborted', message: 'Command orphaned, aborting' });
    await waitUntil(() => lines.length === 2);
    expect(lines.map(({ event, facts }) => [event, facts['id']])).toEqual([
      ['orphaned command aborted', 1],
      ['orphaned command aborted', 3],
    ]);
  });

  it('looks again at its interval', async () => {
    watch(2);
    await waitUntil(() => hub.status(3) === 'aborted');
    hub.claimElsewhere(4);
    await waitUntil(() => hub.status(4) === 'aborted');
  });

  it('goes on with the next when a command ends between the look and the abort', async () => {
    hub.behave = (call, id) => {
      if (call === 'report' && id === 1) hub.endElsewhere(1);
      return 'answer';
    };
    watch(MINUTE);
    await waitUntil(() => hub.status(3) === 'aborted');
    expect(statuses()).toEqual(['completed', 'aborted', 'aborted', 'Queued']);
    await waitUntil(() => lines.length === 2);
    expect(lines.map(({ facts }) => facts['id'])).toEqual([2, 3]);
  });

  it('says as an error that a running command has moved to another lab, where it can end nothing', async () => {
    hub.onStep = (id, status) => {
      if (id === 2 && status === 'aborted')
        throw new WrongLabError('mark_command_aborted', { code: 1, text: 'in wrong lab' });
    };
    watch(MINUTE);
    await waitUntil(() => hub.status(3) === 'aborted');
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        event: 'orphaned command not aborted',
        facts: expect.objectContaining({ id: 2 }),
      }),
    );
  });

  it('spares a command that has become ours since the hub was asked', async () => {
    hub.behave = (call) => {
      if (call === 'running ids') ours.add(3);
      return 'answer';
    };
    watch(MINUTE);
    await waitUntil(() => hub.status(2) === 'aborted');
    await waitUntil(() => lines.length === 2);
    expect(hub.status(3)).toBe('Running');
  });

  it('does not let trouble with one keep the others from their end, and comes back to it', async () => {
    let isInTrouble = true;
    hub.behave = (call, id) => (call === 'report' && id === 1 && isInTrouble ? 'fault' : 'answer');
    watch(2);
    await waitUntil(() => hub.status(2) === 'aborted' && hub.status(3) === 'aborted');
    expect(hub.status(1)).toBe('Running');
    isInTrouble = false;
    await waitUntil(() => hub.status(1) === 'aborted');
  });

  it('waits for a hub that is away', async () => {
    hub.behave = () => 'be away';
    watch(2);
    await waitUntil(() => hub.calls.length > 3);
    hub.behave = () => 'answer';
    await waitUntil(() => hub.status(3) === 'aborted');
  });

  it('aborts nothing more once it is told to stop, in the middle of a round', async () => {
    hub.onStep = () => stop.abort();
    watch(MINUTE);
    await Promise.all(watches);
    expect([1, 2, 3].map((id) => hub.status(id))).toEqual(['aborted', 'Running', 'Running']);
  });

  describe('in a lab of several workers', () => {
    let roster: Roster;
    let now: number;
    let onHearOut: () => void;
    beforeEach(() => {
      now = steadyNow();
      onHearOut = () => {};
      roster = new Roster({ self: 'me', now: () => now });
      ours.add(2).add(3);
    });
    const hearing = (): void => {
      roster.hearing(true);
      roster.heard(announcement({ worker: 'me' }));
    };
    const watchOthers = (graceMs: number): void => {
      const { signal } = stop;
      const isOurs = (id: number): boolean => ours.has(id);
      const hearOut = async (): Promise<boolean> => {
        onHearOut();
        return true;
      };
      const others = { roster, graceMs, longestRunMs: 40, hearOut };
      const log = recordingLogger(lines);
      watches.push(watchOrphans({ hub, isOurs, others, intervalMs: 5, signal, log }));
    };
    /** Lets two more looks begin and one of them end. */
    const looks = async (): Promise<void> => {
      const before = hub.calls.length;
      await waitUntil(() => hub.calls.length >= before + 2);
    };

    it('waits for the grace, and then aborts what nobody names', async () => {
      hearing();
      watchOthers(50);
      await looks();
      expect(hub.status(1)).toBe('Running');
      await waitUntil(() => hub.status(1) === 'aborted');
    });

    it('leaves alone what another worker has just named', async () => {
      hearing();
      now += MINUTE;
      hearing();
      roster.heard(announcement({ running: [announced(1)] }));
      watchOthers(1);
      await looks();
      await looks();
      expect(hub.status(1)).toBe('Running');
    });

    it('looks again before each, since its worker may come back while a slow hub takes the ones before', async () => {
      ours.delete(2);
      ours.delete(3);
      hearing();
      hub.onStep = () => {
        now = steadyNow() + MINUTE;
        roster.heard(announcement({ running: [announced(2), announced(3)] }));
      };
      watchOthers(20);
      await waitUntil(() => hub.status(1) === 'aborted');
      await looks();
      expect([2, 3].map((id) => hub.status(id))).toEqual(['Running', 'Running']);
    });

    it('asks the others before it aborts anything, since one that is just back may have said nothing yet', async () => {
      hearing();
      let questions = 0;
      onHearOut = () => {
        questions += 1;
        now = steadyNow() + MINUTE;
        roster.heard(announcement({ running: [announced(1)] }));
      };
      watchOthers(20);
      await waitUntil(() => questions > 0);
      await looks();
      expect(hub.status(1)).toBe('Running');
    });

    it('aborts nothing while it hears not even itself, as under a memory alarm of the broker', async () => {
      roster.hearing(true);
      watchOthers(MINUTE);
      await looks();
      await looks();
      expect(hub.status(1)).toBe('Running');
    });

    it('aborts, though it cannot hear the others, what has been running for longer than anything runs', async () => {
      roster.expect('w1');
      watchOthers(1);
      await waitUntil(() => hub.status(1) === 'aborted');
    });

    it('aborts nothing while it cannot hear the others', async () => {
      watchOthers(MINUTE);
      await looks();
      await looks();
      expect(hub.status(1)).toBe('Running');
    });
  });
});
