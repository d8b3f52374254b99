import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Command, lanesOf } from '../../../src/command.ts';
import type { Delivery } from '../../../src/delivery.ts';
import { CommandQueue, type CommandQueueOptions } from '../../../src/queue/command-queue.ts';
import type { Claim } from '../../../src/queue/handlers.ts';
import { systemClock } from '../../../src/queue/clock.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { waitUntil } from '../../helpers/wait-until.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

interface Span {
  readonly command: Command;
  readonly from: number;
  readonly to: number;
}

/** A queue whose commands take `runMs` of virtual time each, with a record of what ran when. */
class Lab {
  readonly clock = new VirtualClock();
  readonly ran: Span[] = [];
  readonly claims: number[] = [];
  readonly alsoReplied: number[] = [];
  readonly reported: number[] = [];
  readonly queue: CommandQueue;
  readonly #powerEnds = new Map<string, number>();
  claim: (command: Command) => Claim = () => 'won';
  run: 'ended' | 'interrupted' = 'ended';
  runMs: (command: Command) => number = () => 1000;
  running = 0;
  mostRunning = 0;

  constructor(options: Partial<CommandQueueOptions> = {}) {
    this.queue = new CommandQueue({
      concurrency: 50,
      clock: this.clock,
      claimRetryMs: () => 500,
      lastPowerEnd: (fqdn) => this.#powerEnds.get(fqdn),
      handlers: {
        claim: (command) => {
          this.claims.push(command.id);
          return Promise.resolve(this.claim(command));
        },
        run: (command) => this.#run(command),
        report: ({ id }) => {
          this.reported.push(id);
          return Promise.resolve();
        },
        alsoReplyTo: (id) => this.alsoReplied.push(id),
      },
      ...options,
    });
  }

  get order(): readonly number[] {
    return this.ran.map(({ command }) => command.id);
  }

  span(id: number): Span | undefined {
    return this.ran.find(({ command }) => command.id === id);
  }

  async #run(command: Command): Promise<'ended' | 'interrupted'> {
    this.running += 1;
    this.mostRunning = Math.max(this.mostRunning, this.running);
    const from = this.clock.now();
    await new Promise<void>((resolve) => this.clock.after(this.runMs(command), resolve));
    this.running -= 1;
    this.ran.push({ command, from, to: this.clock.now() });
    this.#powerEnds.set(command.fqdn, this.clock.now());
    return this.run;
  }
}

class TestDelivery implements Delivery {
  readonly fate: string[] = [];
  readonly reply: Delivery['reply'];

  constructor(replyTo?: string) {
    this.reply = replyTo === undefined ? undefined : { replyTo, correlationId: undefined };
  }

  acknowledge(): void {
    this.fate.push('acknowledged');
  }

  giveBack(): void {
    this.fate.push('given back');
  }

  reject(reason: string): Promise<void> {
    this.fate.push(`rejected: ${reason}`);
    return Promise.resolve();
  }
}

const HOUR = 3_600_000;

describe('CommandQueue', () => {
  it('takes another command under the same id in place of the one in line, as a hub gives it that was set up anew', async () => {
    const lab = new Lab();
    const old = new TestDelivery();
    lab.queue.add(powerCommand({ id: 1, fqdn: 'old.lab', delayS: 60 }), old);
    lab.queue.add(powerCommand({ id: 1, fqdn: 'new.lab' }));
    await lab.clock.advance(120_000);
    expect(lab.ran.map(({ command }) => command.fqdn)).toEqual(['new.lab']);
    expect(old.fate).toEqual(['acknowledged']);
  });

  it('never overlaps two commands of a lane, keeps their order, and starts each as soon as it may', async () => {
    const commands = fc.array(
      fc.record({
        fqdn: fc.constantFrom('a.lab', 'b.lab', 'c.lab', 'd.lab'),
        address: fc.constantFrom('', 'pdu1', 'PDU1 ', 'pdu2'),
        delayS: fc.constantFrom(0, 0, 0, 3),
        quiescentPeriodS: fc.constantFrom(0, 0, 5),
        runMs: fc.integer({ min: 1, max: 4000 }),
      }),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(commands, fc.integer({ min: 1, max: 4 }), async (specs, concurrency) => {
        const lab = new Lab({ concurrency });
        lab.runMs = ({ id }) => specs[id - 1]?.runMs ?? 0;
        const begin = lab.clock.now();
        const all = specs.map((spec, index) => powerCommand({ ...spec, id: index + 1 }));
        for (const command of all) lab.queue.add(command);
        await lab.clock.advance(HOUR);

        expect(lab.ran).toHaveLength(all.length);
        expect(lab.mostRunning).toBeLessThanOrEqual(concurrency);
        expectLanesKept(lab.ran);
        for (const span of lab.ran) expectStartedInTime(span, lab, { begin, concurrency });
        expect(lab.clock.pending).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('lets an idle system go at once, whatever waits for one system, one controller or a delay', async () => {
    const lab = new Lab({ concurrency: 2 });
    for (let id = 1; id <= 500; id += 1) {
      lab.queue.add(powerCommand({ id, fqdn: 'busy.lab', delayS: id % 2 === 0 ? 3600 : 0 }));
      lab.queue.add(powerCommand({ id: 500 + id, fqdn: `s${id}.lab`, address: 'pdu' }));
      lab.queue.add(powerCommand({ id: 1000 + id, fqdn: `late${id}.lab`, delayS: 3600 }));
    }
    await lab.clock.advance(100);
    lab.queue.add(powerCommand({ id: 9999, fqdn: 'idle.lab' }));
    await lab.clock.advance(1900);
    // Two slots, and the head of the busy system and of the PDU had them first.
    expect(lab.span(9999)?.from).toBe(lab.span(1)?.to);
  });

  it('switches machines while all that may wait for images do, and bounds both', async () => {
    const lab = new Lab({ concurrency: 2 });
    lab.runMs = ({ action }) => (action === 'on' ? 10 : 3_600_000);
    for (let id = 1; id <= 10; id += 1) {
      lab.queue.add(powerCommand({ id, fqdn: `s${id}.lab`, action: 'configure_netboot' }));
      lab.queue.add(powerCommand({ id: 100 + id, fqdn: `p${id}.lab` }));
    }
    await lab.clock.advance(60_000);
    expect(lab.order.filter((id) => id > 100)).toHaveLength(10);
    expect(lab.mostRunning).toBe(4);
  });

  it('takes a command that comes twice for one, and settles both deliveries', async () => {
    const lab = new Lab();
    const deliveries = [new TestDelivery(), new TestDelivery()] as const;
    lab.queue.add(powerCommand({ id: 1 }));
    lab.queue.add(powerCommand({ id: 1 }), deliveries[0]);
    await lab.clock.advance(10);
    lab.queue.add(powerCommand({ id: 1 }), deliveries[1]);
    await lab.clock.advance(HOUR);
    expect(lab.claims).toEqual([1]);
    expect(lab.order).toEqual([1]);
    expect(deliveries.map(({ fate }) => fate)).toEqual([['acknowledged'], ['acknowledged']]);
  });

  it('takes what comes late about a command that has ended for what it is', async () => {
    const lab = new Lab();
    const delivery = new TestDelivery();
    lab.queue.add(powerCommand({ id: 1 }));
    await lab.clock.advance(60_000);
    lab.queue.add(powerCommand({ id: 1 }), delivery);
    await lab.clock.advance(10_000);
    expect(lab.claims).toEqual([1]);
    // By then an id that comes again is that of a hub that was set up anew.
    lab.queue.add(powerCommand({ id: 1 }));
    await lab.clock.advance(10_000);
    expect(lab.claims).toEqual([1, 1]);
    expect(delivery.fate).toEqual(['acknowledged']);
  });

  it('answers the second sender of a running command as well', async () => {
    const lab = new Lab();
    lab.queue.add(powerCommand({ id: 1 }), new TestDelivery('a'));
    await lab.clock.advance(10);
    lab.queue.add(powerCommand({ id: 1 }), new TestDelivery('b'));
    expect(lab.alsoReplied).toEqual([1]);
  });

  it('closes the lanes of a lost command until it has ended elsewhere', async () => {
    const lab = new Lab();
    lab.claim = ({ id }) => (id === 1 ? 'lost' : 'won');
    const delivery = new TestDelivery();
    lab.queue.add(powerCommand({ id: 1, address: 'pdu' }), delivery);
    lab.queue.add(powerCommand({ id: 2, address: 'pdu', fqdn: 'other.lab' }));
    await lab.clock.advance(HOUR);
    expect(lab.order).toEqual([]);
    expect(delivery.fate).toEqual(['acknowledged']);
    expect(lab.queue.runningElsewhere()).toMatchObject([{ id: 1 }]);

    lab.queue.endedElsewhere(1);
    await lab.clock.advance(HOUR);
    expect(lab.order).toEqual([2]);
    expect(lab.queue.phaseOf(1)).toBeUndefined();
  });

  it('answers the sender of a message that comes while the hub is asked as well, once', async () => {
    const lab = new Lab();
    const late = new TestDelivery('b');
    lab.claim = (command) => {
      lab.queue.add(command, late);
      return 'won';
    };
    lab.queue.add(powerCommand({ id: 1 }), new TestDelivery('a'));
    await lab.clock.advance(10);
    expect([lab.alsoReplied, late.fate]).toEqual([[1], ['acknowledged']]);
  });

  it('closes the lanes of what another worker is said to have, and settles its message', async () => {
    const lab = new Lab();
    const delivery = new TestDelivery();
    const first = powerCommand({ id: 1, address: 'pdu', delayS: 60 });
    lab.queue.add(first, delivery);
    lab.queue.runsElsewhere(first);
    lab.queue.add(powerCommand({ id: 2, address: 'pdu', fqdn: 'other.lab' }));
    await lab.clock.advance(HOUR);
    expect([lab.order, lab.queue.phaseOf(1), delivery.fate]).toEqual([[], 'elsewhere', ['acknowledged']]);
    lab.queue.endedElsewhere(1);
    await lab.clock.advance(HOUR);
    expect(lab.order).toEqual([2]);
  });

  it('keeps what is ours, or may be, whatever another worker is said to have', async () => {
    const lab = new Lab();
    lab.claim = ({ id }) => (id === 1 ? 'undecided' : 'won');
    const commands = [1, 2].map((id) => powerCommand({ id, fqdn: `sys${id}.lab` }));
    for (const command of commands) lab.queue.add(command);
    await lab.clock.advance(10);
    for (const command of commands) lab.queue.runsElsewhere(command);
    expect([lab.queue.phaseOf(1), lab.queue.phaseOf(2)]).toEqual(['in line', 'running']);
    lab.claim = () => 'won';
    await lab.clock.advance(HOUR);
    expect([lab.order, lab.reported]).toEqual([
      [2, 1],
      [2, 1],
    ]);
  });

  it('asks again for an undecided claim, in its turn, without holding a slot meanwhile', async () => {
    const lab = new Lab({ concurrency: 1 });
    lab.claim = ({ id }) => (id === 1 && lab.claims.length < 3 ? 'undecided' : 'won');
    lab.queue.add(powerCommand({ id: 1 }));
    lab.queue.add(powerCommand({ id: 2 }));
    lab.queue.add(powerCommand({ id: 3, fqdn: 'other.lab' }));
    await lab.clock.advance(400);
    expect(lab.queue.phaseOf(3)).toBe('running');
    expect([...lab.queue.inLine()].map(({ id }) => id)).toEqual([1, 2]);
    await lab.clock.advance(HOUR);
    expect(lab.order).toEqual([3, 1, 2]);
  });

  it('rejects the delivery of a command that the hub refuses, and goes on with the next', async () => {
    const lab = new Lab();
    lab.claim = ({ id }) => (id === 1 ? { refused: 'no such command' } : 'won');
    const delivery = new TestDelivery();
    lab.queue.add(powerCommand({ id: 1 }), delivery);
    lab.queue.add(powerCommand({ id: 2 }));
    await lab.clock.advance(HOUR);
    expect(delivery.fate).toEqual(['rejected: no such command']);
    expect(lab.order).toEqual([2]);
  });

  it('keeps the lanes of an ended command closed until its outcome is reported, but not its slot', async () => {
    let accept = (): void => undefined;
    const lab = new Lab({ concurrency: 1 });
    const queue = new CommandQueue({
      concurrency: 1,
      clock: lab.clock,
      claimRetryMs: () => 500,
      lastPowerEnd: () => undefined,
      handlers: {
        claim: () => Promise.resolve('won'),
        run: () => Promise.resolve('ended'),
        report: ({ id }) =>
          id === 1 ? new Promise<void>((resolve) => (accept = resolve)) : Promise.resolve(),
        alsoReplyTo: () => undefined,
      },
    });
    queue.add(powerCommand({ id: 1 }));
    queue.add(powerCommand({ id: 2 }));
    queue.add(powerCommand({ id: 3, fqdn: 'other.lab' }));
    await lab.clock.advance(10);
    expect([1, 2, 3].map((id) => queue.phaseOf(id))).toEqual(['reporting', 'in line', undefined]);
    accept();
    await lab.clock.advance(10);
    expect(queue.phaseOf(2)).toBeUndefined();
  });

  it('takes up a command of a former life before anything else of its lanes, and does not claim it again', async () => {
    const lab = new Lab();
    lab.queue.resume(powerCommand({ id: 5 }), 'run');
    lab.queue.add(powerCommand({ id: 4 }));
    await lab.clock.advance(HOUR);
    expect(lab.order).toEqual([5, 4]);
    expect(lab.claims).toEqual([4]);
  });

  it('gives back what is in line when it stops, and lets the rest end', async () => {
    const lab = new Lab({ concurrency: 1 });
    const deliveries = [1, 2, 3].map(() => new TestDelivery());
    lab.queue.add(powerCommand({ id: 1 }), deliveries[0]);
    lab.queue.add(powerCommand({ id: 2 }), deliveries[1]);
    lab.queue.add(powerCommand({ id: 3, fqdn: 'waits-for-a-slot.lab' }), deliveries[2]);
    await lab.clock.advance(10);
    lab.queue.stop();
    const late = new TestDelivery();
    lab.queue.add(powerCommand({ id: 4, fqdn: 'late.lab' }), late);
    const idle = lab.queue.idle();
    await lab.clock.advance(HOUR);
    await idle;
    expect(lab.order).toEqual([1]);
    expect(deliveries.map(({ fate }) => fate[0])).toEqual(['acknowledged', 'given back', 'given back']);
    expect(late.fate).toEqual(['given back']);
    expect(lab.queue.counts()).toEqual({ 'in line': 0, claiming: 0, running: 0, reporting: 0, elsewhere: 0 });
  });

  it('leaves what is being claimed or run where it is when it stops, and its message to the claim', async () => {
    const lab = new Lab();
    const delivery = new TestDelivery();
    const phases: unknown[] = [];
    lab.claim = ({ id }) => {
      if (id === 2) {
        lab.queue.stop();
        phases.push(lab.queue.phaseOf(1), lab.queue.phaseOf(2));
      }
      return 'won';
    };
    lab.queue.add(powerCommand({ id: 1, fqdn: 'one.lab' }));
    await lab.clock.advance(10);
    lab.queue.add(powerCommand({ id: 2, fqdn: 'two.lab' }), delivery);
    await lab.clock.advance(HOUR);
    expect(phases).toEqual(['running', 'claiming']);
    expect([lab.reported, delivery.fate]).toEqual([[1, 2], ['acknowledged']]);
  });

  it('reports nothing about a command that was interrupted', async () => {
    const lab = new Lab();
    lab.run = 'interrupted';
    lab.queue.add(powerCommand({ id: 1 }));
    await lab.clock.advance(HOUR);
    expect(lab.order).toEqual([1]);
    expect(lab.reported).toEqual([]);
    expect(lab.queue.phaseOf(1)).toBeUndefined();
  });

  it('lets commands of a former life take turns in their lane, in the order of ids', async () => {
    const lab = new Lab();
    lab.queue.resume(powerCommand({ id: 5, address: 'pdu' }), 'run');
    lab.queue.resume(powerCommand({ id: 6, address: 'pdu', fqdn: 'other.lab' }), 'claim');
    lab.queue.resume(powerCommand({ id: 7, address: 'pdu' }), 'run');
    lab.queue.add(powerCommand({ id: 8 }));
    await lab.clock.advance(HOUR);
    expect(lab.order).toEqual([5, 6, 7, 8]);
    expect(lab.claims).toEqual([6, 8]);
    expectLanesKept(lab.ran);
  });

  it('opens no lane to a command that it is about to forget', async () => {
    const lab = new Lab();
    lab.queue.add(powerCommand({ id: 1, delayS: 60 }));
    lab.queue.add(powerCommand({ id: 2 }));
    lab.queue.add(powerCommand({ id: 3 }));
    await lab.clock.advance(10);
    expect(lab.queue.forgetUndelivered()).toBe(3);
    lab.queue.add(powerCommand({ id: 4 }));
    await lab.clock.advance(HOUR);
    expect(lab.claims).toEqual([4]);
  });

  it('does not forget a command that the hub may have given to us', async () => {
    const lab = new Lab();
    lab.claim = () => (lab.claims.length < 2 ? 'undecided' : 'won');
    lab.queue.add(powerCommand({ id: 1 }));
    await lab.clock.advance(10);
    expect(lab.queue.forgetUndelivered()).toBe(0);
    await lab.clock.advance(HOUR);
    expect(lab.order).toEqual([1]);
  });

  it('counts the rest that a system had before an undecided claim', async () => {
    const lab = new Lab();
    lab.claim = () => (lab.claims.length < 3 ? 'undecided' : 'won');
    const begin = lab.clock.now();
    lab.queue.add(powerCommand({ id: 1, quiescentPeriodS: 1 }));
    await lab.clock.advance(HOUR);
    // The whole period once, and then the two waits between the claims.
    expect(lab.span(1)?.from).toBe(begin + 1000 + 2 * 500);
  });

  it('forgets what was polled and is in line, and nothing else', async () => {
    const lab = new Lab({ concurrency: 1 });
    lab.queue.add(powerCommand({ id: 1 }));
    lab.queue.add(powerCommand({ id: 2 }));
    lab.queue.add(powerCommand({ id: 3 }), new TestDelivery());
    await lab.clock.advance(10);
    expect(lab.queue.forgetUndelivered()).toBe(1);
    await lab.clock.advance(HOUR);
    expect(lab.order).toEqual([1, 3]);
  });

  it('does not let a lower id that comes late overtake what runs, but goes before what waits', async () => {
    const lab = new Lab();
    lab.queue.add(powerCommand({ id: 5 }));
    lab.queue.add(powerCommand({ id: 7 }));
    await lab.clock.advance(10);
    lab.queue.add(powerCommand({ id: 3 }));
    await lab.clock.advance(HOUR);
    expect(lab.order).toEqual([5, 3, 7]);
  });

  it('schedules 100,000 commands over 10,000 systems in their order', async () => {
    const lastOf = new Map<string, number>();
    const overtaken: number[] = [];
    const queue = new CommandQueue({
      concurrency: 1000,
      clock: systemClock,
      claimRetryMs: () => 500,
      lastPowerEnd: () => undefined,
      handlers: {
        claim: () => Promise.resolve('won'),
        run: async ({ id, fqdn }) => {
          if ((lastOf.get(fqdn) ?? 0) > id) overtaken.push(id);
          lastOf.set(fqdn, id);
          await new Promise((resolve) => setImmediate(resolve));
          return 'ended';
        },
        report: () => Promise.resolve(),
        alsoReplyTo: () => undefined,
      },
    });
    const count = 100_000;
    for (let id = 1; id <= count; id += 1) queue.add(powerCommand({ id, fqdn: `s${id % 10_000}.lab` }));
    await waitUntil(() => queue.phaseOf(count) === undefined && queue.counts()['in line'] === 0, {
      timeoutMs: 60_000,
      what: 'all commands to have run',
    });
    await queue.idle();
    expect(overtaken).toEqual([]);
    expect([...lastOf.values()].filter((id) => id > count - 10_000)).toHaveLength(10_000);
  }, 70_000);
});

function expectLanesKept(spans: readonly Span[]): void {
  const byLane = new Map<string, Span[]>();
  for (const span of spans) {
    for (const lane of lanesOf(span.command)) byLane.set(lane, [...(byLane.get(lane) ?? []), span]);
  }
  for (const inLane of byLane.values()) {
    const sorted = [...inLane].sort((a, b) => a.command.id - b.command.id);
    for (const [index, span] of sorted.entries()) {
      const next = sorted[index + 1];
      if (next !== undefined) expect(next.from).toBeGreaterThanOrEqual(span.to);
    }
  }
}

/** A command starts when the last thing that it had to wait for is over: a lane, its delay, its rest, or a slot. */
function expectStartedInTime(
  { command, from }: Span,
  { ran }: Lab,
  { begin, concurrency }: { begin: number; concurrency: number },
): void {
  const lanes = lanesOf(command);
  const earlier = ran.filter(
    (other) => other.command.id < command.id && lanesOf(other.command).some((lane) => lanes.includes(lane)),
  );
  const firstAt = Math.max(begin, ...earlier.map(({ to }) => to));
  const sameSystem = earlier.filter((other) => other.command.fqdn === command.fqdn);
  const lastEnd = sameSystem.length === 0 ? firstAt : Math.max(...sameSystem.map(({ to }) => to));
  const rested = command.quiescentPeriodS === 0 ? 0 : lastEnd + command.quiescentPeriodS * 1000;
  const earliest = Math.max(firstAt, begin + command.delayS * 1000, rested);
  expect(from).toBeGreaterThanOrEqual(earliest);
  if (from > earliest) {
    // Then all slots were taken for the whole time in between.
    for (const at of [earliest, from - 1]) {
      expect(ran.filter((other) => other.from <= at && at < other.to).length).toBeGreaterThanOrEqual(
        concurrency,
      );
    }
  }
}
