import PQueue from 'p-queue';
import { type Command, isPowerAction } from '../command.ts';
import type { Delivery, Reply } from '../delivery.ts';
import type { Clock } from './clock.ts';
import type { ElsewhereCommand } from './elsewhere.ts';
import { Gate } from './gate.ts';
import type { CommandHandlers } from './handlers.ts';
import { RecentIds } from './recent-ids.ts';
import { isSameCommand } from '../same-command.ts';

export interface CommandQueueOptions {
  /** How many commands may be claimed and run at once. */
  readonly concurrency: number;
  readonly handlers: CommandHandlers;
  /** When the last command that switched the system's power ended, on `clock`. */
  readonly lastPowerEnd: (fqdn: string) => number | undefined;
  /** How long to wait, in milliseconds, before an undecided claim is asked for the `attempt`th time again. */
  readonly claimRetryMs: (attempt: number) => number;
  readonly clock: Clock;
}

/** Where a command stands: in line → being claimed → running → being reported; or with another worker. */
export type Phase = 'in line' | 'claiming' | 'running' | 'reporting' | 'elsewhere';

const CLEAR = Promise.resolve(true);

/** For how long what is said about an ended command is taken for an old story; ids of a hub that was set up anew may come again. */
const ENDED_MS = 60_000;

interface Entry {
  readonly command: Command;
  readonly receivedAt: number;
  /** What is to be done in its turn: a command of a former life may be ours already. */
  readonly next: 'claim' | 'run';
  /** Gives true once nothing of a former life is in the way any more, false when that is not going to be. */
  readonly clear: Promise<boolean>;
  readonly deliveries: Set<Delivery>;
  phase: Exclude<Phase, 'elsewhere'>;
  claimAttempts: number;
}

/**
 * Runs commands: each in its lanes' order, after its delay and rest, claimed before it runs, reported after.
 *
 * A command that waits for anything but a slot holds nothing. A slot is held from the claim to the end of the action, so
 * the bound counts what really runs. Lanes are held from the claim until the outcome has been reported, so that the hub
 * never sees two commands of a lane running. A command that is known already is the same command, however often it comes.
 */
export class CommandQueue {
  readonly #options: CommandQueueOptions;
  readonly #gate: Gate;
  /** What waits for an image's server must not keep machines from being switched: power commands and others have slots of their own. */
  readonly #slots: Readonly<Record<'power' | 'other', PQueue>>;
  readonly #entries = new Map<number, Entry>();
  /** What others have, as far as this worker knows: their lanes are closed here. */
  readonly #elsewhere = new Map<number, ElsewhereCommand>();
  /** A message or a list may be older than what it speaks of. */
  readonly #ended: RecentIds;
  readonly #busy = new Set<Promise<void>>();
  #stopping = false;

  constructor(options: CommandQueueOptions) {
    this.#options = options;
    this.#ended = new RecentIds(ENDED_MS, options.clock);
    const { concurrency } = options;
    this.#slots = { power: new PQueue({ concurrency }), other: new PQueue({ concurrency }) };
    this.#gate = new Gate({
      onReady: (id) => this.#onReady(id),
      lastPowerEnd: options.lastPowerEnd,
      clock: options.clock,
    });
  }

  /** Queues a command, or attaches the delivery to the one that is there already. */
  add(command: Command, delivery?: Delivery): void {
    if (this.#stopping) {
      delivery?.giveBack();
      return;
    }
    this.#dropAnother(command);
    const known = this.#entries.get(command.id);
    if (known !== undefined || this.#elsewhere.has(command.id) || this.#ended.has(command.id)) {
      if (delivery !== undefined) this.#attach(command.id, delivery);
      return;
    }
    const entry = this.#enter(command, 'in line', { next: 'claim', clear: CLEAR });
    if (delivery !== undefined) entry.deliveries.add(delivery);
    this.#gate.add(command, entry.receivedAt);
  }

  /**
   * Takes up a command of a former life where it stood, in the order of ids. Its lanes are closed at once to all that are added
   * later, whatever their ids, but for those of its kind, with which it takes turns. Nothing is done before `clear` gives true.
   */
  resume(command: Command, from: 'claim' | 'run' | 'report', clear: Promise<boolean> = CLEAR): void {
    const phase = from === 'report' ? 'reporting' : 'in line';
    const entry = this.#enter(command, phase, { next: from === 'run' ? 'run' : 'claim', clear });
    // The former life has asked for it, or was about to.
    if (from === 'claim') entry.claimAttempts = 1;
    if (from === 'report') {
      this.#gate.hold(command);
      this.#reportInBackground(entry);
    } else if (this.#gate.holdIfFree(command, entry.receivedAt)) this.#inSlot(entry, () => this.#work(entry));
    else this.#gate.add(command, entry.receivedAt);
  }

  /** Drops every command that is in line, that no delivery stands for and the hub was not asked for; returns how many. */
  forgetUndelivered(): number {
    const forgotten = [...this.#entries.values()].filter(
      (entry) => isUnasked(entry) && entry.deliveries.size === 0,
    );
    // All are gone before the first lane opens: else it would open to one of them.
    for (const { command } of forgotten) this.#entries.delete(command.id);
    for (const { command } of forgotten) this.#gate.release(command.id);
    return forgotten.length;
  }

  /** Closes the lanes of a command that another worker is known to have. What is ours, or may be, stays as it is. */
  runsElsewhere(command: ElsewhereCommand): void {
    const { id } = command;
    const entry = this.#entries.get(id);
    if (this.#elsewhere.has(id) || this.#ended.has(id)) return;
    if (entry !== undefined && !isUnasked(entry)) return;
    for (const delivery of entry?.deliveries ?? []) delivery.acknowledge();
    this.#entries.delete(id);
    this.#elsewhere.set(id, command);
    this.#gate.hold(command);
  }

  /** What is known of a command that another worker has; undefined when none is known to have it. */
  elsewhere(id: number): ElsewhereCommand | undefined {
    return this.#elsewhere.get(id);
  }

  /** Opens the lanes of a command that another worker had. What follows may start at once. */
  endedElsewhere(id: number): void {
    if (!this.#elsewhere.delete(id)) return;
    this.#ended.add(id);
    this.#gate.release(id);
  }

  /** The commands that others have and whose lanes are therefore closed. */
  runningElsewhere(): readonly ElsewhereCommand[] {
    return [...this.#elsewhere.values()];
  }

  /** What is in line, those first that have been here for longest. */
  *inLine(): Iterable<Command> {
    for (const { command, phase } of this.#entries.values()) if (phase === 'in line') yield command;
  }

  /** Whether the command waits for a lane, its delay or its system's rest, rather than for a slot. */
  isBlocked(id: number): boolean {
    return this.#gate.isBlocked(id);
  }

  /** Where the command stands; undefined when the queue does not know it. */
  phaseOf(id: number): Phase | undefined {
    return this.#elsewhere.has(id) ? 'elsewhere' : this.#entries.get(id)?.phase;
  }

  /** How many commands stand in each phase. */
  counts(): Readonly<Record<Phase, number>> {
    const elsewhere = this.#elsewhere.size;
    const counts = { 'in line': 0, claiming: 0, running: 0, reporting: 0, elsewhere };
    for (const { phase } of this.#entries.values()) counts[phase] += 1;
    return counts;
  }

  /** Claims nothing new, and gives back what is in line. What is claimed goes on; `idle` tells when that is over. */
  stop(): void {
    this.#stopping = true;
    for (const slots of Object.values(this.#slots)) slots.clear();
    // What is resumed and in line keeps its place in the journal.
    for (const entry of [...this.#entries.values()]) {
      if (entry.phase === 'in line') this.#giveBack(entry);
    }
  }

  /** Resolves once nothing is being claimed, run or reported. */
  async idle(): Promise<void> {
    while (this.#busy.size > 0) await Promise.all(this.#busy);
  }

  /** The ids of what is claimed, run or reported just now. */
  underWay(): readonly number[] {
    return [...this.#ids('claiming'), ...this.#ids('running'), ...this.#ids('reporting')];
  }

  #enter(command: Command, phase: Entry['phase'], how: Pick<Entry, 'next' | 'clear'>): Entry {
    const receivedAt = this.#options.clock.now();
    const entry: Entry = { command, receivedAt, ...how, deliveries: new Set(), phase, claimAttempts: 0 };
    this.#entries.set(command.id, entry);
    return entry;
  }

  /** A hub that was set up anew gives old ids again: what is in line under this one must not be claimed in the place of the new command. */
  #dropAnother(command: Command): void {
    const known = this.#entries.get(command.id);
    if (known?.phase !== 'in line' || known.next !== 'claim' || isSameCommand(known.command, command)) return;
    for (const delivery of known.deliveries) delivery.acknowledge();
    this.#leave(known);
  }

  /** To a command that is still to be claimed the delivery belongs; for any other it has served. */
  #attach(id: number, delivery: Delivery): void {
    const entry = this.#entries.get(id);
    const isUnclaimed = entry?.phase === 'claiming' || (entry?.phase === 'in line' && entry.next === 'claim');
    if (isUnclaimed) {
      entry.deliveries.add(delivery);
      return;
    }
    if (delivery.reply !== undefined) this.#options.handlers.alsoReplyTo(id, delivery.reply);
    delivery.acknowledge();
  }

  #onReady(id: number): void {
    const ready = this.#entries.get(id);
    if (ready === undefined) return;
    this.#inSlot(ready, async () => {
      const entry = this.#entries.get(id);
      if (entry !== undefined && this.#gate.take(id)) await this.#work(entry);
    });
  }

  /** What a command does in its slot, with its lanes closed. */
  async #work(entry: Entry): Promise<void> {
    if (!(await entry.clear)) this.#leave(entry);
    else await (entry.next === 'run' ? this.#run(entry) : this.#claim(entry));
  }

  #inSlot({ command }: Entry, work: () => Promise<void>): void {
    if (this.#stopping) return;
    const slots = isPowerAction(command.action) ? this.#slots.power : this.#slots.other;
    void slots.add(() => this.#track(work()));
  }

  #track(work: Promise<void>): Promise<void> {
    const tracked = work.finally(() => this.#busy.delete(tracked));
    this.#busy.add(tracked);
    return tracked;
  }

  async #claim(entry: Entry): Promise<void> {
    const { command, receivedAt, deliveries } = entry;
    entry.phase = 'claiming';
    entry.claimAttempts += 1;
    const replies = repliesOf(deliveries);
    const claim = await this.#options.handlers.claim(command, {
      receivedAt,
      replies,
      attempt: entry.claimAttempts,
    });
    if (claim === 'undecided') {
      this.#askAgain(entry);
      return;
    }
    if (typeof claim === 'object') {
      // Not awaited: to bury a message takes a broker, which may be away, and nothing here waits for that.
      for (const delivery of deliveries) void delivery.reject(claim.refused);
      this.#leave(entry);
      return;
    }
    for (const delivery of deliveries) {
      // One that came while the hub was being asked.
      if (delivery.reply !== undefined && !replies.includes(delivery.reply)) {
        this.#options.handlers.alsoReplyTo(command.id, delivery.reply);
      }
      delivery.acknowledge();
    }
    deliveries.clear();
    if (claim === 'lost') {
      // Its lanes, which it took for the claim, stay closed.
      this.#entries.delete(command.id);
      this.#elsewhere.set(command.id, command);
      return;
    }
    await this.#run(entry);
  }

  #askAgain(entry: Entry): void {
    if (this.#stopping) {
      this.#giveBack(entry);
      return;
    }
    entry.phase = 'in line';
    this.#gate.putBack(entry.command.id, this.#options.claimRetryMs(entry.claimAttempts));
  }

  async #run(entry: Entry): Promise<void> {
    entry.phase = 'running';
    const end = await this.#options.handlers.run(entry.command);
    if (end === 'interrupted') this.#leave(entry);
    else this.#reportInBackground(entry);
  }

  /** Not awaited: slots are for running actions, and the hub may be away for hours. */
  #reportInBackground(entry: Entry): void {
    void this.#track(this.#report(entry));
  }

  async #report(entry: Entry): Promise<void> {
    entry.phase = 'reporting';
    if (await entry.clear) await this.#options.handlers.report(entry.command);
    this.#ended.add(entry.command.id);
    this.#leave(entry);
  }

  #giveBack(entry: Entry): void {
    for (const delivery of entry.deliveries) delivery.giveBack();
    this.#leave(entry);
  }

  #leave(entry: Entry): void {
    this.#entries.delete(entry.command.id);
    this.#gate.release(entry.command.id);
  }

  #ids(phase: Entry['phase']): readonly number[] {
    return [...this.#entries.values()]
      .filter((entry) => entry.phase === phase)
      .map(({ command }) => command.id);
  }
}

/** In line, and the hub was never asked for it: nobody would miss it here. */
function isUnasked({ phase, next, claimAttempts }: Entry): boolean {
  return phase === 'in line' && next === 'claim' && claimAttempts === 0;
}

function repliesOf(deliveries: Iterable<Delivery>): readonly Reply[] {
  return [...deliveries].map(({ reply }) => reply).filter((reply) => reply !== undefined);
}
