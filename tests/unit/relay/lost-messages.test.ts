import { beforeEach, describe, expect, it } from '@jest/globals';
import { LostMessages } from '../../../src/relay/lost-messages.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

const HALF_A_MINUTE = 30_000;

describe('messages that seem to be lost', () => {
  let clock: VirtualClock;
  let inHand: Set<number>;
  let lost: LostMessages;

  beforeEach(() => {
    clock = new VirtualClock();
    inHand = new Set();
    lost = new LostMessages({ clock, roster: { inHand: () => inHand } });
    look();
  });

  const look = (isPublished = true): readonly number[] =>
    lost.among([{ command: powerCommand({ id: 1 }), isPublished }]);
  const lookAfter = async (ms: number): Promise<readonly number[]> => {
    await clock.advance(ms);
    return look();
  };

  it('are those of published commands that no worker has had in hand for half a minute', async () => {
    expect(await lookAfter(HALF_A_MINUTE - 1)).toEqual([]);
    expect(await lookAfter(1)).toEqual([1]);
  });

  it('are not those that a worker has in hand, from then on for half a minute', async () => {
    await clock.advance(HALF_A_MINUTE);
    inHand.add(1);
    expect(look()).toEqual([]);
    inHand.delete(1);
    expect(look()).toEqual([]);
    expect(await lookAfter(HALF_A_MINUTE)).toEqual([1]);
  });

  it('are not those that were never published', async () => {
    look(false);
    await clock.advance(HALF_A_MINUTE);
    expect(look(false)).toEqual([]);
  });

  it('are given twice as long each time that they are published again, but never more than some hours', async () => {
    for (let nth = 1; nth <= 12; nth += 1) {
      const waitMs = HALF_A_MINUTE * 2 ** Math.min(nth - 1, 10);
      expect(await lookAfter(waitMs - 1)).toEqual([]);
      expect(await lookAfter(1)).toEqual([1]);
      lost.forget([1]);
    }
  });

  it('begin anew once a worker had them', async () => {
    await lookAfter(HALF_A_MINUTE);
    lost.forget([1]);
    inHand.add(1);
    look();
    inHand.delete(1);
    look();
    expect(await lookAfter(HALF_A_MINUTE)).toEqual([1]);
  });
});
