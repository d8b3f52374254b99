import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeCommandMessage } from '../../../src/broker/command-message.ts';
import { type Command, encodeCommand, lanesOf } from '../../../src/command.ts';
import { LabRelay } from '../../../src/relay/lab-relay.ts';
import { ListedCommands } from '../../../src/relay/listed-commands.ts';
import { Roster } from '../../../src/roster/roster.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { recordingLogger, type LogLine } from '../../helpers/recording-logger.ts';
import { VirtualClock } from '../../helpers/virtual-clock.ts';

const LAB = 'lab.example.com';
type State = 'Queued' | 'Running' | 'Ended';

/** A hub, a relay that may be replaced at any time, and what is published too early. */
class Model {
  readonly clock = new VirtualClock();
  readonly roster = new Roster({ self: undefined, now: () => this.clock.now() });
  readonly lines: LogLine[] = [];
  readonly published: number[] = [];
  /** Of what was published. */
  readonly systems: string[] = [];
  readonly wrongs: string[] = [];
  readonly commands: Command[] = [];
  readonly states = new Map<number, State>();
  relay = this.#newRelay();

  queue(more: { fqdn: string; address?: string }): void {
    const command = powerCommand({ id: this.commands.length + 1, ...more });
    this.commands.push(command);
    this.states.set(command.id, 'Queued');
  }

  restart(): void {
    this.relay.stop();
    this.relay = this.#newRelay();
  }

  async look(cap = Infinity): Promise<readonly number[]> {
    const queued = this.in('Queued').slice(0, cap).map(encodeCommand);
    const running = this.in('Running').map(({ id }) => id);
    const lost = this.relay.look({ queued, running, askedAt: this.clock.now() });
    await this.clock.advance(1);
    return lost;
  }

  result(id: number, status: 'running' | 'completed'): void {
    const { fqdn, action } = this.commands[id - 1] ?? powerCommand();
    this.relay.result({ id, lab: LAB, fqdn, action, status, worker: 'w' });
  }

  in(state: State): Command[] {
    return this.commands.filter(({ id }) => this.states.get(id) === state);
  }

  #newRelay(): LabRelay {
    const publish = async ({ content }: { content: Buffer }): Promise<void> => {
      this.#check(decodeCommandMessage(content, LAB));
    };
    const { clock, roster } = this;
    const log = recordingLogger(this.lines);
    return new LabRelay({
      lab: LAB,
      publisher: { publish },
      roster,
      listed: new ListedCommands({ clock, log }),
      clock,
      log,
    });
  }

  #check(command: Command): void {
    this.published.push(command.id);
    this.systems.push(command.fqdn);
    const lanes = lanesOf(command);
    const inTheWay = [...this.in('Queued'), ...this.in('Running')].filter(
      (other) => other.id < command.id && lanesOf(other).some((lane) => lanes.includes(lane)),
    );
    for (const { id } of inTheWay) this.wrongs.push(`${command.id} before ${id}`);
  }
}

describe('the relay of a lab', () => {
  it('publishes what is first in its lanes, and the next when the first is said to have ended', async () => {
    const model = new Model();
    model.queue({ fqdn: 'a.lab', address: 'pdu' });
    model.queue({ fqdn: 'b.lab', address: 'pdu' });
    await model.look();
    expect(model.published).toEqual([1]);
    model.states.set(1, 'Ended');
    model.result(1, 'completed');
    await model.clock.advance(0);
    expect(model.published).toEqual([1, 2]);
  });

  it('publishes nothing new while nobody can name a running command, and says which', async () => {
    const model = new Model();
    model.queue({ fqdn: 'a.lab' });
    model.queue({ fqdn: 'b.lab' });
    model.states.set(1, 'Running');
    await model.look();
    await model.look();
    expect(model.published).toEqual([]);
    expect(model.relay.trouble).toContain('1');
    expect(model.lines).toMatchObject([{ level: 'warn', facts: { ids: [1] } }]);
    model.states.set(1, 'Ended');
    await model.look();
    expect(model.published).toEqual([2]);
    expect(model.relay.trouble).toBeUndefined();
  });

  it('tells which messages are lost: published, and in nobody’s hand for half a minute', async () => {
    const model = new Model();
    model.queue({ fqdn: 'a.lab' });
    await model.look();
    expect(await model.look()).toEqual([]);
    await model.clock.advance(30_000);
    expect(await model.look()).toEqual([1]);
    await model.relay.publishAgain([1]);
    expect(model.published).toEqual([1, 1]);
    expect(await model.look()).toEqual([]);
  });

  it('keeps the lanes closed of what was claimed during a look, which may not know of it', async () => {
    const model = new Model();
    model.queue({ fqdn: 'a.lab', address: 'pdu' });
    await model.look();
    model.states.set(1, 'Ended');
    model.result(1, 'completed');
    model.queue({ fqdn: 'a.lab', address: 'pdu' });
    model.queue({ fqdn: 'b.lab', address: 'pdu' });
    const [, , third] = model.commands.map(encodeCommand);
    // The second was claimed and heard of while the hub was asked, whose answers do not name it.
    const askedAt = model.clock.now();
    await model.clock.advance(5);
    model.states.set(2, 'Running');
    model.result(2, 'running');
    model.relay.look({ queued: [third], running: [], askedAt });
    await model.clock.advance(1);
    expect(model.published).toEqual([1]);
    model.states.set(2, 'Ended');
    await model.look();
    expect(model.published).toEqual([1, 3]);
  });

  it.each(['waits', 'is published', 'runs'])(
    'publishes the new command of an old id, when the former %s as far as it knows: the hub was set up anew',
    async (state) => {
      const model = new Model();
      model.queue({ fqdn: 'a.lab', address: 'pdu' });
      model.queue({ fqdn: 'b.lab', address: 'pdu' });
      if (state === 'runs') model.result(2, 'running');
      if (state === 'is published') model.states.set(1, 'Ended');
      await model.look();
      const others = [1, 2].map((id) => powerCommand({ id, fqdn: `new${id}.lab` }));
      model.commands.splice(0, 2, ...others);
      model.states.set(1, 'Queued');
      await model.look();
      expect(model.published.slice(-2)).toEqual([1, 2]);
      expect(model.systems.slice(-2)).toEqual(['new1.lab', 'new2.lab']);
    },
  );

  it('never publishes before an earlier unfinished command of a lane, whatever is lost, cut or restarted, and everything in the end', async () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant('queue' as const),
        fqdn: fc.constantFrom('a.lab', 'b.lab', 'c.lab'),
        address: fc.constantFrom('', 'pdu'),
      }),
      fc.record({
        do: fc.constantFrom('claim' as const, 'end' as const, 'cancel' as const),
        nth: fc.nat(9),
        isHeard: fc.boolean(),
      }),
      fc.record({ do: fc.constant('look' as const), cap: fc.constantFrom(1, 2, 100) }),
      fc.record({ do: fc.constant('restart' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const model = new Model();
        for (const one of steps) {
          if (one.do === 'queue') model.queue(one);
          else if (one.do === 'look') await model.look(one.cap);
          else if (one.do === 'restart') model.restart();
          else move(model, one);
          await model.clock.advance(1);
        }
        for (let left = 100; left > 0 && model.in('Ended').length < model.commands.length; left -= 1) {
          for (const { id } of model.in('Running')) model.states.set(id, 'Ended');
          await model.look();
          for (const { id } of model.in('Queued'))
            if (model.published.includes(id)) model.states.set(id, 'Running');
        }
        expect(model.wrongs).toEqual([]);
        expect(model.in('Ended')).toHaveLength(model.commands.length);
      }),
      { numRuns: 300 },
    );
  });
});

interface Move {
  readonly do: 'claim' | 'end' | 'cancel';
  readonly nth: number;
  readonly isHeard: boolean;
}

/** Claims only what was published; ends what runs; cancels what is queued. Results may be lost. */
function move(model: Model, { do: what, nth, isHeard }: Move): void {
  const published = model.in('Queued').filter(({ id }) => model.published.includes(id));
  const choices = what === 'end' ? model.in('Running') : what === 'claim' ? published : model.in('Queued');
  const command = choices[nth % Math.max(1, choices.length)];
  if (command === undefined) return;
  model.states.set(command.id, what === 'claim' ? 'Running' : 'Ended');
  if (isHeard && what !== 'cancel') model.result(command.id, what === 'claim' ? 'running' : 'completed');
}
