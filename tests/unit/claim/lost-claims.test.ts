import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { watchLostClaims } from '../../../src/claim/lost-claims.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { FakeHub } from '../../helpers/fake-hub.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('watchLostClaims', () => {
  let hub: FakeHub;
  let elsewhere: number[];
  let stop: AbortController;
  let watch: Promise<void>;

  beforeEach(() => {
    hub = new FakeHub([1, 2].map((id) => powerCommand({ id })));
    elsewhere = [];
    stop = new AbortController();
    watch = watchLostClaims({
      hub,
      runningElsewhere: () => elsewhere,
      onEnded: (id) => (elsewhere = elsewhere.filter((other) => other !== id)),
      intervalMs: 2,
      signal: stop.signal,
      log: silentLogger,
    });
  });
  afterEach(async () => {
    stop.abort();
    await watch;
  });

  const looks = (): number => hub.calls.length;
  /** Lets two more looks pass, the second of which began after this was called. */
  const lookTwice = async (): Promise<void> => {
    const before = looks();
    await waitUntil(() => looks() >= before + 2);
  };

  it('tells of each command that runs elsewhere once it has ended, and of no other', async () => {
    hub.claimElsewhere(1);
    hub.claimElsewhere(2);
    elsewhere = [1, 2];
    await lookTwice();
    expect(elsewhere).toEqual([1, 2]);
    hub.endElsewhere(2);
    await waitUntil(() => elsewhere.length === 1);
    expect(elsewhere).toEqual([1]);
    hub.endElsewhere(1, { status: 'aborted', message: 'cancelled' });
    await waitUntil(() => elsewhere.length === 0);
  });

  it('leaves the hub alone while nothing runs elsewhere', async () => {
    let asked = 0;
    stop.abort();
    await watch;
    stop = new AbortController();
    watch = watchLostClaims({
      hub,
      runningElsewhere: () => {
        asked += 1;
        return [];
      },
      onEnded: () => undefined,
      intervalMs: 1,
      signal: stop.signal,
      log: silentLogger,
    });
    await waitUntil(() => asked > 5);
    expect(looks()).toBe(0);
  });

  it.each(['be away', 'lose the answer', 'fault', 'refuse the login'] as const)(
    'opens no lane on the word of a hub in trouble (%s), and goes on afterwards',
    async (behaviour) => {
      hub.claimElsewhere(1);
      hub.endElsewhere(1);
      hub.behave = () => behaviour;
      elsewhere = [1];
      await lookTwice();
      expect(elsewhere).toEqual([1]);
      hub.behave = () => 'answer';
      await waitUntil(() => elsewhere.length === 0);
    },
  );

  it('ends with the signal', async () => {
    stop.abort();
    await watch;
    elsewhere = [1];
    expect(looks()).toBe(0);
  });
});
