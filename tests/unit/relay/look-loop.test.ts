import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/queue/clock.ts';
import { lookRepeatedly } from '../../../src/relay/look-loop.ts';
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
});

const HUB_TAKES_MS = 60;
