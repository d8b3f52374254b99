import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OutgoingMessage } from '../../../src/broker/outgoing-message.ts';
import { decodeResult, type Result } from '../../../src/broker/result-message.ts';
import { type Command, lanesOf } from '../../../src/command.ts';
import type { Delivery } from '../../../src/delivery.ts';
import { CommandFailedError } from '../../../src/errors.ts';
import { steadyNow } from '../../../src/steady-clock.ts';
import { FakeHub } from '../../helpers/fake-hub.ts';

export interface Circumstances {
  /** The ids of the commands whose action fails. */
  readonly failing: ReadonlySet<number>;
  /** Whether the commands are pushed by a broker, besides that the hub lists them. */
  readonly arePushed: boolean;
}

/** What outlives every life of a worker: the hub, the broker, and the machines, which remember what was done to them. */
export class Lab {
  readonly hub: FakeHub;
  readonly published: OutgoingMessage[] = [];
  /** The ids of the commands that were begun, in that order; one that is begun again is there again. */
  readonly begun: number[] = [];
  /** Each thing that must never happen, in words. */
  readonly wrongs: string[] = [];
  /** When the last action of each system ended, by FQDN. */
  readonly lastEnds = new Map<string, number>();
  readonly #running = new Set<Command>();
  readonly #commands: readonly Command[];
  readonly #failing: ReadonlySet<number>;
  readonly #unsettled: Set<number>;

  constructor(commands: readonly Command[], { failing, arePushed }: Circumstances) {
    this.hub = new FakeHub(commands);
    this.#commands = commands;
    this.#failing = failing;
    this.#unsettled = new Set(arePushed ? commands.map(({ id }) => id) : []);
  }

  /** What is pushed in every life until it is settled. */
  messages(): readonly { command: Command; delivery: Delivery }[] {
    return this.#commands
      .filter(({ id }) => this.#unsettled.has(id))
      .map((command) => ({ command, delivery: this.#delivery(command.id) }));
  }

  get unsettled(): readonly number[] {
    return [...this.#unsettled];
  }

  /** What a script does: it ends early only by `death`, and `step` tells when it has begun and ended. */
  async act(command: Command, { death, step }: { death: AbortSignal; step: () => void }): Promise<void> {
    this.#begin(command);
    step();
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    if (death.aborted) return;
    this.#running.delete(command);
    if (command.action !== 'interrupt') this.lastEnds.set(command.fqdn, steadyNow());
    step();
    if (this.#failing.has(command.id)) throw new CommandFailedError('no such outlet', { systemBroken: true });
  }

  endActions(): void {
    this.#running.clear();
  }

  /** The answers that got to the sender of command `id`. */
  answers(id: number): readonly Result[] {
    return this.published
      .filter(({ routingKey }) => routingKey === `answers ${id}`)
      .map(({ content }) => decodeResult(content));
  }

  /** The events that announced how command `id` ended. */
  endings(id: number): readonly Result[] {
    return this.published
      .filter(({ exchange }) => exchange === 'beaker.results')
      .map(({ content }) => decodeResult(content))
      .filter((result) => result.id === id && result.status !== 'running');
  }

  #begin(command: Command): void {
    const { id } = command;
    const lanes = new Set(lanesOf(command));
    for (const other of this.#running) {
      if (lanesOf(other).some((lane) => lanes.has(lane))) this.wrongs.push(`${id} overlaps ${other.id}`);
    }
    if (this.hub.status(id) !== 'Running') this.wrongs.push(`${id} begun while ${this.hub.status(id)}`);
    for (const other of this.#commands) {
      const isLater = other.id > id && lanesOf(other).some((lane) => lanes.has(lane));
      if (isLater && this.begun.includes(other.id)) this.wrongs.push(`${id} begun after ${other.id}`);
    }
    this.#running.add(command);
    this.begun.push(id);
  }

  #delivery(id: number): Delivery {
    return {
      reply: { replyTo: `answers ${id}`, correlationId: undefined },
      acknowledge: () => void this.#unsettled.delete(id),
      giveBack: () => this.wrongs.push(`${id} given back`),
      reject: async (reason) => void this.wrongs.push(`${id} rejected: ${reason}`),
    };
  }
}
