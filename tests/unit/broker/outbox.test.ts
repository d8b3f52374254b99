import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Outbox } from '../../../src/broker/outbox.ts';
import type { OutgoingMessage } from '../../../src/broker/outgoing-message.ts';

function message(name: string): OutgoingMessage {
  return { exchange: '', routingKey: name, content: Buffer.alloc(0), properties: {} };
}

function names(outbox: Outbox, count = 1_000): readonly string[] {
  return outbox.oldest(count).map((entry) => entry.message.routingKey);
}

describe('outbox', () => {
  it('gives messages oldest first, and keeps them until they are removed', () => {
    const outbox = new Outbox(10);
    for (const name of ['a', 'b', 'c']) outbox.add(message(name));
    expect(names(outbox, 2)).toEqual(['a', 'b']);
    for (const entry of outbox.oldest(1)) outbox.remove(entry);
    expect(names(outbox)).toEqual(['b', 'c']);
  });

  it('holds no more than its limit, whatever comes: the newest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.string(), { maxLength: 60 }), (limit, all) => {
        const outbox = new Outbox(limit);
        const dropped = all.map((name) => outbox.add(message(name))).reduce((sum, one) => sum + one, 0);
        expect(names(outbox)).toEqual(all.slice(-limit));
        expect(dropped).toBe(Math.max(0, all.length - limit));
      }),
    );
  });

  it('gives a message that has failed before on its own', () => {
    const outbox = new Outbox(10);
    for (const name of ['bad', 'good']) outbox.add(message(name));
    for (const entry of outbox.oldest(2)) entry.attempts += 1;
    expect(names(outbox)).toEqual(['bad']);
  });

  it('does not mind the removal of what was dropped meanwhile', () => {
    const outbox = new Outbox(1);
    outbox.add(message('old'));
    const [old] = outbox.oldest(1);
    outbox.add(message('new'));
    if (old !== undefined) outbox.remove(old);
    expect(names(outbox)).toEqual(['new']);
  });
});
