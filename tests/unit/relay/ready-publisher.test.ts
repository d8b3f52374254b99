import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ReadyPublisher } from '../../../src/relay/ready-publisher.ts';
import { lanesOf } from '../../../src/command.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

const PUBLISH_MS = 500;
const MOVES = ['add', 'hold', 'end', 'forget', 'publish again'] as const;

describe('commands that are published once they are ready', () => {
  it('are counted as waiting or published, whatever becomes of them, and the broker with them', async () => {
    const move = fc.record({
      move: fc.constantFrom(...MOVES),
      id: fc.integer({ min: 1, max: 9 }),
      isBrokerThere: fc.boolean(),
      ms: fc.integer({ min: 0, max: 3_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 40 }), async (moves) => {
        const lab = new Lab();
        for (const { isBrokerThere, ms, ...rest } of moves) {
          lab.isBrokerThere = isBrokerThere;
          lab.move(rest);
          await lab.clock.advance(ms);
          expect(lab.counts()).toEqual(lab.countedAnew());
        }
      }),
    );
  });

  it('are published once their system has rested since the last end that switched its power, told or supposed', async () => {
    const clock = new VirtualClock();
    const published: string[] = [];
    const ready = new ReadyPublisher({
      lab: 'lab.example.com',
      publisher: { publish: async ({ content }) => void published.push(content.toString()) },
      clock,
      log: silentLogger,
    });
    const on = (id: number, fqdn: string) => powerCommand({ id, fqdn, quiescentPeriodS: 5 });
    ready.ended(1, { restOf: 'One.lab' });
    ready.forget([2], ['two.lab']);
    await clock.advance(4_000);
    for (const [id, fqdn] of [
      [3, 'one.lab'],
      [4, 'two.lab'],
      [5, 'three.lab'],
    ] as const)
      ready.add(on(id, fqdn));
    await clock.advance(999);
    expect(published).toHaveLength(0);
    await clock.advance(1);
    expect(published).toHaveLength(2);
    await clock.advance(3_999);
    expect(published).toHaveLength(2);
    await clock.advance(1);
    expect(published).toHaveLength(3);
  });
});

/** Nine commands for three systems, and a broker that may be away. */
class Lab {
  readonly clock = new VirtualClock();
  isBrokerThere = true;
  readonly #ready = new ReadyPublisher({
    lab: 'lab.example.com',
    publisher: {
      publish: async () => {
        // Meanwhile a command may be claimed, end, or come again.
        await new Promise<void>((resolve) => this.clock.after(PUBLISH_MS, resolve));
        if (!this.isBrokerThere) throw new Error('away');
      },
    },
    clock: this.clock,
    log: silentLogger,
  });

  move({ move, id }: { readonly move: (typeof MOVES)[number]; readonly id: number }): void {
    const command = powerCommand({ id, fqdn: `sys${id % 3}.lab.example.com`, address: `pdu${id % 2}` });
    if (move === 'add') this.#ready.add(command);
    if (move === 'hold') this.#ready.hold(command);
    if (move === 'end') this.#ready.ended(id, { restOf: undefined });
    if (move === 'forget') this.#ready.forget([id, id + 1]);
    if (move === 'publish again') void this.#ready.publishAgain(id);
  }

  counts(): object {
    const { waiting, published } = this.#ready.counts();
    return { byLane: new Map(waiting.byLane), waiting: waiting.total, published };
  }

  countedAnew(): object {
    const queued = [...this.#ready.queued()];
    const waiting = queued.filter(({ isPublished }) => !isPublished);
    const byLane = new Map<string, number>();
    for (const { command } of waiting) {
      for (const lane of lanesOf(command)) byLane.set(lane, (byLane.get(lane) ?? 0) + 1);
    }
    return { byLane, waiting: waiting.length, published: queued.length - waiting.length };
  }
}
