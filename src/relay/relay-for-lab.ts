import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { longestLanes } from '../broker/announcement.ts';
import { askMessage, relayMessage } from '../broker/announcement-message.ts';
import { commandQueue } from '../broker/names.ts';
import type { OutgoingMessage } from '../broker/outgoing-message.ts';
import type { Publisher } from '../broker/publisher.ts';
import type { Probe, Session } from '../broker/session.ts';
import { type BrokerOptions, Supervisor } from '../broker/supervisor.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import { systemClock } from '../queue/clock.ts';
import { Announcer } from '../roster/announcer.ts';
import { hearLab } from '../roster/hear-lab.ts';
import { Roster } from '../roster/roster.ts';
import { steadyNow } from '../steady-clock.ts';
import { wait } from '../wait.ts';
import { LabRelay } from './lab-relay.ts';
import { ListedCommands } from './listed-commands.ts';
import { becomeLeader } from './leadership.ts';
import { lookRepeatedly } from './look-loop.ts';

export interface RelayForLabOptions extends BrokerOptions {
  readonly lab: string;
  readonly hub: HubClient;
  readonly publisher: Publisher;
  readonly intervalMs: number;
  readonly log: Logger;
}

/** How long the workers have to say what they run, before a new leader first looks at the hub. */
const HEAR_OUT_MS = 500;

/**
 * The relay of one lab, for as long as it takes to be stopped: it listens, stands by, and while it has the lock it leads. Each
 * term begins with what the workers have said and the hub has listed before; it ends with the session with the broker.
 */
export class RelayForLab {
  readonly #options: RelayForLabOptions;
  readonly #supervisor: Supervisor;
  readonly #announcer: Announcer;
  readonly #roster = new Roster({ self: undefined, now: steadyNow });
  readonly #listed: ListedCommands;
  #term: LabRelay | undefined;
  #hubTrouble: string | undefined;
  #leading: Promise<void> = Promise.resolve();

  constructor(options: RelayForLabOptions) {
    const { lab, publisher, log } = options;
    this.#options = options;
    this.#listed = new ListedCommands({ clock: systemClock, log });
    this.#announcer = new Announcer({
      publisher,
      announcement: (isLeaving) => this.#announcement(isLeaving),
    });
    this.#supervisor = new Supervisor({
      ...options,
      connectionName: `beaker-provision relay ${lab}`,
      setUp: (session) => this.#setUp(session),
    });
  }

  /** Publishes nothing more and gives up the lock. */
  async stop(): Promise<void> {
    this.#term?.stop();
    await this.#announcer.stop();
    await this.#supervisor.stop();
    await this.#leading;
  }

  async #setUp(session: Session): Promise<Probe> {
    const { lab, log } = this.#options;
    const roster = this.#roster;
    await hearLab(session, {
      lab,
      log,
      listeners: {
        onWorker: (announcement) => {
          roster.heard(announcement);
          this.#term?.announced();
        },
        onResult: (result) => {
          if (result.status !== 'running') roster.ended(result.id);
          this.#term?.result(result);
          this.#announcer.changed();
        },
        onAsk: () => this.#announcer.now(),
      },
    });
    if (!session.signal.aborted) roster.hearing(true);
    session.signal.addEventListener('abort', () => roster.hearing(false), { once: true });
    const channel = await session.openChannel();
    const before = this.#leading;
    this.#leading = before.then(() => this.#lead(session));
    return async () => {
      await channel.prefetch(1);
    };
  }

  async #lead(session: Session): Promise<void> {
    const { lab, hub, publisher, intervalMs, log } = this.#options;
    if (!(await becomeLeader(session, { lab, log }))) return;
    log.info('this relay leads now');
    try {
      await publisher.publish(askMessage(lab, randomUUID()));
    } catch {
      // Announcements come in any case, only later; until then what runs is unnamed, and nothing is published.
    }
    if (!(await wait(HEAR_OUT_MS, session.signal))) return;
    const facts = { roster: this.#roster, listed: this.#listed };
    const relay = new LabRelay({ lab, publisher, ...facts, clock: systemClock, log });
    this.#term = relay;
    this.#announcer.now();
    try {
      await lookRepeatedly({
        hub,
        relay,
        clock: systemClock,
        intervalMs,
        waitingMessages: () => waitingMessages(session, lab),
        onLook: (trouble) => this.#looked(trouble),
        signal: session.signal,
        log,
      });
    } finally {
      relay.stop();
      if (this.#term === relay) this.#term = undefined;
      log.info('this relay leads no longer');
    }
  }

  #looked(trouble: string | undefined): void {
    if (trouble === this.#hubTrouble) return;
    this.#hubTrouble = trouble;
    this.#announcer.changed();
  }

  #announcement(isLeaving: boolean): OutgoingMessage {
    const { lab } = this.#options;
    const term = this.#term;
    const { waiting, published, running, byLane } = term?.counts() ?? NOTHING;
    return relayMessage({
      lab,
      name: `${hostname()}:${process.pid}`,
      isLeading: term !== undefined,
      isLeaving,
      trouble: term === undefined ? undefined : (this.#hubTrouble ?? term.trouble),
      waiting,
      published,
      running,
      lanes: longestLanes(byLane),
    });
  }
}

const NOTHING = { waiting: 0, published: 0, running: 0, byLane: new Map<string, number>() };

async function waitingMessages(session: Session, lab: string): Promise<number> {
  const channel = await session.openScratchChannel();
  const { messageCount } = await channel.checkQueue(commandQueue(lab));
  await channel.close();
  return messageCount;
}
