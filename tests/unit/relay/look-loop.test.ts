import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/queue/clock.ts';
import { lookRepeatedly, type LookLoopOptions } from '../../../src/relay/look-loop.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';

describe('the looks of a relay', () => {
  it('leave a slow hub alone for as long as the last one took', async () => {
    const stopping = new AbortController();
    const askedAt: number[] = [];
    const endedAt: number[] = [];
    const queuedCommands = async (): Promise<readonly unknown[]> => {
      askedAt.push(performance.now());
      await sleep(HUB_TAKES_MS);
      return [];
    };
    await lookRepeatedly({
      hub: { queuedCommands, runningIds: async () => [] },
      relay: { look: () => [], publishAgain: async () => {} },
      clock: systemClock,
      intervalMs: 1,
      waitingMessages: async () => 0,
      onLook: () => {
        endedAt.push(performance.now());
        if (endedAt.length === 3) stopping.abort();
      },
      signal: stopping.signal,
      log: silentLogger,
    });
    const rests = askedAt.slice(1).map((at, index) => at - (endedAt[index] ?? NaN));
    expect(rests).toHaveLength(2);
    // Timers may come a moment early.
    expect(Math.min(...rests)).toBeGreaterThan(HUB_TAKES_MS - 5);
  });

  /** Looks as often as `looks` says, with a relay that calls message 1 lost; gives what was published again. */
  const lookTimes = async (looks: number, more: Partial<LookLoopOptions>): Promise<readonly number[]> => {
    const stopping = new AbortController();
    const again: number[] = [];
    const { onLook } = more;
    await lookRepeatedly({
      hub: { queuedCommands: async () => [], runningIds: async () => [] },
      relay: { look: () => [1], publishAgain: async (ids) => void again.push(...ids) },
      clock: systemClock,
      intervalMs: 1,
      waitingMessages: async () => 0,
      signal: stopping.signal,
      log: silentLogger,
      ...more,
      onLook: (trouble) => {
        onLook?.(trouble);
        looks -= 1;
        if (looks === 0) stopping.abort();
      },
    });
    return again;
  };

  it('have lost messages published again, but not while any wait at the broker, since the workers may be just busy', async () => {
    const waiting = [3, 1, 0];
    expect(await lookTimes(2, { waitingMessages: async () => waiting.shift() ?? 0 })).toEqual([]);
    expect(await lookTimes(1, { waitingMessages: async () => waiting.shift() ?? 0 })).toEqual([1]);
  });

  it('go on when the hub or the broker does not answer', async () => {
    const troubles: (string | undefined)[] = [];
    const hubs = [Promise.reject(new Error('away')), Promise.resolve([]), Promise.resolve([])];
    const brokers = [Promise.reject(new Error('away')), Promise.resolve(0)];
    for (const answer of [...hubs, ...brokers]) answer.catch(() => undefined);
    const again = await lookTimes(3, {
      hub: { queuedCommands: () => hubs.shift() ?? Promise.resolve([]), runningIds: async () => [] },
      waitingMessages: () => brokers.shift() ?? Promise.resolve(0),
      onLook: (trouble) => troubles.push(trouble),
    });
    expect(troubles).toEqual(['cannot look at the hub: away', undefined, undefined]);
    expect(again).toEqual([1]);
  });
});

const HUB_TAKES_MS = 60;
