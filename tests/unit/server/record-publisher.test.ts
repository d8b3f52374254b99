import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeCommandMessage } from '../../../src/broker/command-message.ts';
import { UnconfirmedError, UnroutableError } from '../../../src/broker/errors.ts';
import type { OutgoingMessage } from '../../../src/broker/outgoing-message.ts';
import { type Command, lanesOf } from '../../../src/command.ts';
import type { CommandRecord, Status } from '../../../src/server/command-record.ts';
import { RecordPublisher, type RecordPublisherOptions } from '../../../src/server/record-publisher.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

const LAB = 'lab.example.com';
const HOUR = 3_600_000;

/** A hub's commands and what is published of them, in virtual time. */
class Hub {
  readonly clock = new VirtualClock();
  readonly published: { readonly command: Command; readonly at: number }[] = [];
  readonly ready: RecordPublisher;
  tries = 0;
  /** What becomes of each publication; all are confirmed unless it is replaced. */
  refuse: (command: Command) => Error | undefined = () => undefined;
  /** Called while the broker has the message and has not confirmed it. */
  onMessage: (command: Command) => void = () => undefined;
  readonly #statuses = new Map<number, Status>();
  readonly #commands = new Map<number, Command>();

  constructor(options: Partial<RecordPublisherOptions> = {}) {
    this.ready = new RecordPublisher({
      lab: LAB,
      publisher: { publish: (message, how) => this.#publish(message, how) },
      clock: this.clock,
      backoff: { firstMs: 1_000, maxMs: 1_000 },
      log: silentLogger,
      ...options,
    });
  }

  get ids(): readonly number[] {
    return this.published.map(({ command }) => command.id);
  }

  queue(...commands: readonly Command[]): void {
    for (const command of commands) {
      this.#commands.set(command.id, command);
      this.#change(command.id, 'Queued');
    }
  }

  run(id: number): void {
    this.#change(id, 'Running');
  }

  end(id: number, status: 'Completed' | 'Failed' | 'Aborted' = 'Completed'): void {
    this.#change(id, status);
  }

  status(id: number): Status | undefined {
    return this.#statuses.get(id);
  }

  #change(id: number, status: Status): void {
    const command = this.#commands.get(id);
    if (command === undefined) throw new Error(`expected a command that was queued, found ${id}`);
    const hasRun = status === 'Running' || this.#statuses.get(id) === 'Running';
    this.#statuses.set(id, status);
    this.ready.changed(record(command, status, hasRun ? this.clock.now() : undefined));
  }

  async #publish({ content, routingKey }: OutgoingMessage, how: object | undefined): Promise<void> {
    expect([routingKey, how]).toEqual([`beaker.Command.${LAB}`, { mandatory: true }]);
    this.tries += 1;
    const command = decodeCommandMessage(content, LAB);
    this.onMessage(command);
    const refusal = this.refuse(command);
    await Promise.resolve();
    if (refusal !== undefined) throw refusal;
    this.published.push({ command, at: this.clock.now() });
  }
}

function record(command: Command, status: Status, startedAtMs: number | undefined): CommandRecord {
  return {
    command,
    lab: LAB,
    status,
    startedAtMs,
    message: undefined,
    systemBroken: false,
    seq: 1,
    delayUntilMs: undefined,
    queuedAtMs: 0,
    finishedAtMs: undefined,
  };
}

describe('RecordPublisher', () => {
  let hub: Hub;

  beforeEach(() => {
    hub = new Hub();
  });
  afterEach(() => {
    hub.ready.stop();
    expect(hub.clock.pending).toBe(0);
  });

  const on = (id: number, more: Parameters<typeof powerCommand>[0] = {}): Command =>
    powerCommand({ id, fqdn: 'a.lab', ...more });

  it('publishes a command only when every earlier one of its lanes has ended', async () => {
    hub.queue(
      on(1, { address: 'pdu' }),
      on(2),
      on(3, { fqdn: 'b.lab', address: 'pdu' }),
      on(4, { fqdn: 'c.lab' }),
    );
    await hub.clock.advance(HOUR);
    expect(hub.ids).toEqual([1, 4]);
    hub.run(1);
    await hub.clock.advance(HOUR);
    expect(hub.ids).toEqual([1, 4]);
    hub.end(1, 'Failed');
    await hub.clock.advance(0);
    expect(hub.ids).toEqual([1, 4, 2, 3]);
  });

  it('keeps the order of a chain to its end', async () => {
    hub.queue(on(1), on(2), on(3));
    for (const id of [1, 2, 3]) {
      await hub.clock.advance(1);
      expect(hub.ids.at(-1)).toBe(id);
      hub.run(id);
      hub.end(id);
    }
    expect(hub.ids).toEqual([1, 2, 3]);
  });

  it('waits for the delay, which then is over for the worker too', async () => {
    hub.queue(on(1, { delayS: 60 }));
    await hub.clock.advance(59_999);
    expect(hub.ids).toEqual([]);
    await hub.clock.advance(1);
    expect(hub.published[0]?.command).toMatchObject({ id: 1, delayS: 0, quiescentPeriodS: 0 });
  });

  it('lets a system rest since its last power command', async () => {
    hub.queue(on(1, { fqdn: 'A.Lab', quiescentPeriodS: 5 }), on(2, { quiescentPeriodS: 5 }));
    await hub.clock.advance(4_999);
    expect(hub.ids).toEqual([]);
    await hub.clock.advance(1);
    expect(hub.ids).toEqual([1]);
    hub.run(1);
    await hub.clock.advance(60_000);
    hub.end(1);
    await hub.clock.advance(4_999);
    expect(hub.ids).toEqual([1]);
    await hub.clock.advance(1);
    expect(hub.ids).toEqual([1, 2]);
  });

  it('lets a system rest the whole period when nobody knows when it was last switched', async () => {
    hub.queue(on(1, { quiescentPeriodS: 5 }));
    await hub.clock.advance(4_999);
    expect(hub.ids).toEqual([]);
    await hub.clock.advance(1);
    expect(hub.ids).toEqual([1]);
  });

  it('takes a command that was cancelled for no switching of the power', async () => {
    hub.queue(on(1));
    hub.run(1);
    hub.end(1);
    hub.queue(on(2, { delayS: 60 }), on(3, { quiescentPeriodS: 5 }));
    await hub.clock.advance(10_000);
    hub.end(2, 'Aborted');
    await hub.clock.advance(0);
    expect(hub.ids).toEqual([1, 3]);
  });

  it('closes the lanes of a command that a worker found by polling, before it was published', async () => {
    hub.queue(on(1, { delayS: 60 }), on(2, { fqdn: 'b.lab' }));
    hub.run(1);
    hub.queue(on(3));
    await hub.clock.advance(HOUR);
    expect(hub.ids).toEqual([2]);
    hub.end(1);
    await hub.clock.advance(0);
    expect(hub.ids).toEqual([2, 3]);
  });

  it('begins with what is running as with what is queued', async () => {
    hub.ready.changed(record(on(1), 'Running', 1));
    hub.queue(on(2), on(3, { fqdn: 'b.lab' }));
    await hub.clock.advance(HOUR);
    expect(hub.ids).toEqual([3]);
    hub.ready.changed(record(on(1), 'Completed', 1));
    await hub.clock.advance(0);
    expect(hub.ids).toEqual([3, 2]);
  });

  it.each([
    ['did not confirm', new UnconfirmedError('no session')],
    ['had no queue for', new UnroutableError('no queue')],
  ])('tries again, a while later and in order, what the broker %s', async (_what, refusal) => {
    hub.refuse = () => refusal;
    hub.queue(on(1), on(2));
    await hub.clock.advance(10_000);
    expect(hub.tries).toBeGreaterThan(9);
    expect(hub.ids).toEqual([]);
    hub.refuse = () => undefined;
    await hub.clock.advance(1_000);
    expect(hub.ids).toEqual([1]);
  });

  it('does not publish again what a worker has taken, confirmed or not', async () => {
    hub.refuse = () => new UnconfirmedError('the connection broke');
    hub.onMessage = ({ id }) => hub.run(id);
    hub.queue(on(1), on(2));
    await hub.clock.advance(HOUR);
    expect(hub.tries).toBe(1);
    hub.onMessage = () => undefined;
    hub.refuse = () => undefined;
    hub.end(1);
    await hub.clock.advance(0);
    expect(hub.ids).toEqual([2]);
  });

  it('publishes nothing more once it is stopped: no successor, no retry, nothing new', async () => {
    hub.queue(on(1), on(2), on(3, { fqdn: 'b.lab', delayS: 5 }));
    await hub.clock.advance(0);
    hub.refuse = () => new UnconfirmedError('no session');
    hub.queue(on(4, { fqdn: 'c.lab' }));
    await hub.clock.advance(0);
    const { tries } = hub;
    hub.ready.stop();
    hub.refuse = () => undefined;
    hub.run(1);
    hub.end(1);
    hub.queue(on(5, { fqdn: 'd.lab' }));
    await hub.clock.advance(HOUR);
    expect(hub.tries).toBe(tries);
    expect(hub.ids).toEqual([1]);
  });

  it('publishes everything, each command when it is first in its lanes and its system has rested', async () => {
    const loads = fc.array(
      fc.record({
        fqdn: fc.constantFrom('a.lab', 'b.lab', 'c.lab'),
        address: fc.constantFrom('', 'pdu', 'PDU '),
        delayS: fc.constantFrom(0, 0, 3),
        quiescentPeriodS: fc.constantFrom(0, 0, 4),
        comesAtMs: fc.integer({ min: 0, max: 5_000 }),
        runMs: fc.integer({ min: 1, max: 3_000 }),
        fate: fc.constantFrom('runs', 'runs', 'runs', 'is cancelled', 'gets lost once'),
      }),
      { maxLength: 15 },
    );
    await fc.assert(
      fc.asyncProperty(loads, async (load) => {
        const { statuses, wrongs, pending } = await simulate(load);
        expect(wrongs).toEqual([]);
        for (const status of statuses) expect(['Completed', 'Aborted']).toContain(status);
        expect(pending).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

interface Spec {
  readonly fqdn: string;
  readonly address: string;
  readonly delayS: number;
  readonly quiescentPeriodS: number;
  readonly comesAtMs: number;
  readonly runMs: number;
  readonly fate: string;
}

interface Ending {
  readonly statuses: readonly (Status | undefined)[];
  /** Each publication that came too early, in words: what is thrown in a publisher would only make it try again. */
  readonly wrongs: readonly string[];
  readonly pending: number;
}

/** Queues a load bit by bit, with workers that run what is published as soon as it is. */
async function simulate(load: readonly Spec[]): Promise<Ending> {
  const specs = [...load].sort((a, b) => a.comesAtMs - b.comesAtMs);
  const jobs = specs.map((spec, index) => ({ ...spec, command: powerCommand({ ...spec, id: index + 1 }) }));
  const hub = new Hub();
  const wrongs: string[] = [];
  const ends = new Map<string, number>();
  const getsLost = new Set(
    jobs.filter(({ fate }) => fate === 'gets lost once').map(({ command }) => command.id),
  );
  hub.refuse = ({ id }) => (getsLost.delete(id) ? new UnconfirmedError('no session') : undefined);
  hub.onMessage = ({ id, fqdn }) => {
    const job = jobs[id - 1];
    if (job === undefined || hub.status(id) !== 'Queued')
      wrongs.push(`${id} published while ${hub.status(id)}`);
    if (job === undefined) return;
    for (const other of inTheWayOf(job.command, jobs, hub)) wrongs.push(`${id} published before ${other}`);
    const restedMs = hub.clock.now() - (ends.get(fqdn) ?? 0);
    if (restedMs < job.quiescentPeriodS * 1000) wrongs.push(`${id} published after ${restedMs} ms of rest`);
    if (getsLost.has(id)) return;
    hub.run(id);
    hub.clock.after(job.runMs, () => {
      ends.set(fqdn, hub.clock.now());
      hub.end(id);
    });
  };
  for (const { command, comesAtMs, fate } of jobs) {
    hub.clock.after(comesAtMs, () => hub.queue(command));
    if (fate === 'is cancelled') hub.clock.after(comesAtMs + 500, () => cancel(command.id, hub));
  }
  await hub.clock.advance(HOUR);
  return { statuses: jobs.map(({ command }) => hub.status(command.id)), wrongs, pending: hub.clock.pending };
}

function inTheWayOf(command: Command, jobs: readonly { command: Command }[], hub: Hub): number[] {
  const lanes = new Set(lanesOf(command));
  return jobs
    .map(({ command: other }) => other)
    .filter(({ id }) => id < command.id && ['Queued', 'Running'].includes(hub.status(id) ?? ''))
    .filter((other) => lanesOf(other).some((lane) => lanes.has(lane)))
    .map(({ id }) => id);
}

function cancel(id: number, hub: Hub): void {
  if (hub.status(id) === 'Queued') hub.end(id, 'Aborted');
}
