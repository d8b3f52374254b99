import type { OutgoingMessage } from '../../../src/broker/outgoing-message.ts';
import { claim } from '../../../src/claim/claim.ts';
import { Elsewhere } from '../../../src/claim/elsewhere.ts';
import { Roster } from '../../../src/roster/roster.ts';
import type { Command } from '../../../src/command.ts';
import { systemClock } from '../../../src/queue/clock.ts';
import { CommandQueue } from '../../../src/queue/command-queue.ts';
import { Answers } from '../../../src/report/answers.ts';
import { Journal } from '../../../src/report/journal.ts';
import { Reporter } from '../../../src/report/reporter.ts';
import { PollSource } from '../../../src/sources/poll-source.ts';
import { recover } from '../../../src/worker/recovery.ts';
import { runCommand } from '../../../src/worker/run-command.ts';
import { steadyNow } from '../../../src/steady-clock.ts';
import { actionContext } from '../../helpers/action-context.ts';
import { silentLogger as log } from '../../helpers/silent-logger.ts';
import type { Lab } from './lab.ts';

/** One step is a write to the journal, a step of a command at the hub, the begin or end of an action, or a message to the broker. */
export interface LifeOptions {
  readonly lab: Lab;
  readonly stateDir: string;
  /** The life ends right after this step, counted from 1. */
  readonly diesAfter: number;
}

const BACKOFF = { firstMs: 1, maxMs: 2 };

/**
 * A life of a worker, put together as `worker.ts` does it, but with actions, hub and broker of a `Lab`. After its death nothing
 * that it still does has any effect, as if the process had been killed.
 */
export class Life {
  readonly #options: LifeOptions;
  readonly #journal: Journal;
  readonly #end = new AbortController();
  readonly #stopParts: () => void;
  #steps = 0;

  constructor(options: LifeOptions) {
    this.#options = options;
    const { lab, stateDir } = options;
    this.#journal = new Journal(stateDir);
    lab.hub.onStep = () => this.#step();
    this.#stopParts = this.#start();
  }

  isOver(): boolean {
    return this.#end.signal.aborted;
  }

  /** How many commands it still has to do something about. */
  get journaled(): number {
    return this.#journal.entries().length;
  }

  /** Ends the life, if it is not over yet, and lets another have the journal. */
  end(): void {
    this.#end.abort();
    this.#stopParts();
    this.#journal.close();
    // What a next life starts with is to end the processes of this one.
    this.#options.lab.endActions();
  }

  #start(): () => void {
    const hub = this.#hub();
    const journal = this.#survivors();
    const publisher = this.#publisher();
    const answers = new Answers({ publisher, journal, lab: 'lab', worker: 'w', backoff: BACKOFF, log });
    const onAccepted = answers.ended.bind(answers);
    const reporter = new Reporter({ hub, journal, onAccepted, backoff: BACKOFF, log });
    const faults = new Map<number, number>();
    const run = {
      ...actionContext(),
      act: (command: Command) => this.#act(command),
      onStarted: () => undefined,
      systemsOff: { isOff: () => undefined, ended: () => undefined },
      survivors: { add: () => undefined },
    };
    const queue = new CommandQueue({
      concurrency: 2,
      clock: systemClock,
      lastPowerEnd: (fqdn) => journal.lastPowerEnd(fqdn),
      claimRetryMs: () => 1,
      handlers: {
        claim: (command, arrival) =>
          claim(command, arrival, { hub, journal, faults, whose: () => 'ours', log }),
        run: (command) => runCommand(command, { ...run, journal, log }),
        report: ({ id }) => reporter.report(id),
        alsoReplyTo: (id, reply) => answers.alsoTo(id, reply),
      },
    });
    const onCommands = (commands: readonly Command[]): void =>
      commands.forEach((command) => queue.add(command));
    const poll = new PollSource({ hub, onCommands, onInvalid: fail, log });
    void this.#takeUp({ queue, journal, answers, poll, hub });
    return () => {
      void poll.stop();
      void reporter.stop();
      answers.stop();
    };
  }

  async #takeUp({ queue, journal, answers, poll, hub }: Parts): Promise<void> {
    const { signal } = this.#end;
    recover({
      journal,
      queue,
      onTold: (entry) => answers.owed(entry),
      onSystemOff: () => undefined,
      signal,
      log,
    });
    if (this.isOver()) return;
    const roster = new Roster({ self: journal.identity, now: steadyNow });
    void new Elsewhere({ hub, answers, queue, roster, journal, log }).watch(2, signal);
    for (const { command, delivery } of this.#options.lab.messages()) {
      const acknowledge = (): void => (this.isOver() ? undefined : delivery.acknowledge());
      queue.add(command, { ...delivery, acknowledge });
    }
    poll.start({ firstMs: 0, everyMs: 2 });
  }

  #step(): void {
    this.#steps += 1;
    if (this.#steps === this.#options.diesAfter) this.#end.abort();
  }

  /** The journal, as long as the life lasts; what is written later is not written. */
  #survivors() {
    const journal = this.#journal;
    const write = (change: () => void): void => {
      if (this.isOver()) return;
      change();
      this.#step();
    };
    const read = <T>(look: () => T, otherwise: T): T => (this.isOver() ? otherwise : look());
    return {
      identity: journal.identity,
      claiming: (...args: Parameters<Journal['claiming']>): boolean => {
        let isNew = true;
        write(() => (isNew = journal.claiming(...args)));
        return isNew;
      },
      claimed: (id: number) => write(() => journal.claimed(id)),
      started: (...args: Parameters<Journal['started']>) => write(() => journal.started(...args)),
      onOwed: (id: number) => write(() => journal.onOwed(id)),
      runsIn: (...args: Parameters<Journal['runsIn']>) => write(() => journal.runsIn(...args)),
      ended: (...args: Parameters<Journal['ended']>) => write(() => journal.ended(...args)),
      endedInstead: (...args: Parameters<Journal['endedInstead']>) =>
        write(() => journal.endedInstead(...args)),
      told: (id: number) => write(() => journal.told(id)),
      forget: (id: number) => write(() => journal.forget(id)),
      alsoReplyTo: (...args: Parameters<Journal['alsoReplyTo']>) => write(() => journal.alsoReplyTo(...args)),
      entry: (id: number) => read(() => journal.entry(id), undefined),
      entries: () => read(() => journal.entries(), []),
      powerEnded: (...args: Parameters<Journal['powerEnded']>) => write(() => journal.powerEnded(...args)),
      colleagueCame: (worker: string) => write(() => journal.colleagueCame(worker)),
      colleagueLeft: (worker: string) => write(() => journal.colleagueLeft(worker)),
      lastPowerEnd: (fqdn: string) => read(() => journal.lastPowerEnd(fqdn), undefined),
    };
  }

  #hub() {
    const { hub } = this.#options.lab;
    return {
      queuedCommands: () => this.#whileAlive(() => hub.queuedCommands()),
      runningIds: () => this.#whileAlive(() => hub.runningIds()),
      markRunning: (id: number) => this.#whileAlive(() => hub.markRunning(id)),
      markCompleted: (id: number) => this.#whileAlive(() => hub.markCompleted(id)),
      markFailed: (id: number, message: string, systemBroken: boolean) =>
        this.#whileAlive(() => hub.markFailed(id, message, systemBroken)),
      markAborted: (id: number, message: string) => this.#whileAlive(() => hub.markAborted(id, message)),
    };
  }

  #publisher() {
    const send = (message: OutgoingMessage): void => {
      this.#options.lab.published.push(message);
      this.#step();
    };
    return {
      offer: (message: OutgoingMessage): void => (this.isOver() ? undefined : send(message)),
      publish: (message: OutgoingMessage): Promise<void> => this.#whileAlive(async () => send(message)),
    };
  }

  async #act(command: Command): Promise<void> {
    const step = (): void => this.#step();
    await this.#whileAlive(() => this.#options.lab.act(command, { death: this.#end.signal, step }));
  }

  /** The dead start nothing, and hear of nothing. */
  async #whileAlive<T>(action: () => Promise<T>): Promise<T> {
    if (this.isOver()) return never();
    try {
      const answer = await action();
      return this.isOver() ? await never() : answer;
    } catch (error) {
      if (this.isOver()) return never();
      throw error;
    }
  }
}

interface Parts {
  readonly queue: CommandQueue;
  readonly journal: Pick<
    Journal,
    'identity' | 'entries' | 'ended' | 'powerEnded' | 'colleagueCame' | 'colleagueLeft'
  >;
  readonly answers: Answers;
  readonly poll: PollSource;
  readonly hub: ConstructorParameters<typeof Elsewhere>[0]['hub'];
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}

function fail(id: number, problem: string): never {
  throw new Error(`expected only valid commands, found ${id}: ${problem}`);
}
