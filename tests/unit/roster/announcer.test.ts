import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { OutgoingMessage } from '../../../src/broker/outgoing-message.ts';
import { Announcer } from '../../../src/roster/announcer.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('an announcer', () => {
  let published: string[];
  let confirm: (() => void) | undefined;
  let announcer: Announcer | undefined;

  afterEach(() => announcer?.stop());

  /** With a broker that confirms when it is told to. */
  function open(): Announcer {
    published = [];
    confirm = undefined;
    announcer = new Announcer({
      announcement: (isLeaving): OutgoingMessage => ({
        exchange: 'e',
        routingKey: isLeaving ? 'goodbye' : 'hello',
        content: Buffer.from(''),
        properties: {},
      }),
      publisher: {
        publish: ({ routingKey }) => {
          published.push(routingKey);
          return new Promise((resolve) => (confirm = resolve));
        },
      },
    });
    return announcer;
  }

  it('has one announcement under way, and one more after it however much has changed', async () => {
    const one = open();
    one.now();
    one.now();
    one.now();
    expect(published).toEqual(['hello']);
    confirm?.();
    await waitUntil(() => published.length === 2);
    confirm?.();
    expect(published).toEqual(['hello', 'hello']);
  });

  it('announces every ten seconds though nothing changes', async () => {
    jest.useFakeTimers();
    try {
      open();
      for (const expected of [0, 1, 2]) {
        await jest.advanceTimersByTimeAsync(9_999);
        expect(published).toHaveLength(expected);
        await jest.advanceTimersByTimeAsync(1);
        confirm?.();
        expect(published).toHaveLength(expected + 1);
      }
    } finally {
      jest.useRealTimers();
    }
  });

  it('announces what has changed within a moment, however much it is', async () => {
    jest.useFakeTimers();
    try {
      const one = open();
      for (let changes = 0; changes < 3; changes += 1) {
        one.changed();
        await jest.advanceTimersByTimeAsync(49);
      }
      expect(published).toEqual([]);
      await jest.advanceTimersByTimeAsync(3);
      confirm?.();
      await jest.advanceTimersByTimeAsync(1_000);
      expect(published).toEqual(['hello']);
    } finally {
      jest.useRealTimers();
    }
  });

  it('leaves though the broker takes nothing, and says nothing after its goodbye', async () => {
    const one = open();
    await one.stop();
    one.now();
    one.changed();
    expect(published).toEqual(['goodbye']);
  });
});
