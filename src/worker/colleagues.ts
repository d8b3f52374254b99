import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { WorkerAnnouncement } from '../broker/announcement.ts';
import { askMessage, workerMessage } from '../broker/announcement-message.ts';
import type { Publisher } from '../broker/publisher.ts';
import type { Session } from '../broker/session.ts';
import { Elsewhere } from '../claim/elsewhere.ts';
import type { Config } from '../config/config.ts';
import type { HubClient } from '../hub/hub-client.ts';
import type { Logger } from '../logger.ts';
import type { CommandQueue } from '../queue/command-queue.ts';
import type { Answers } from '../report/answers.ts';
import type { Journal } from '../report/journal.ts';
import { Announcer } from '../roster/announcer.ts';
import { hearLab } from '../roster/hear-lab.ts';
import { HEAR_OUT_MS, type Roster } from '../roster/roster.ts';
import type { Troubles } from '../troubles.ts';
import { wait } from '../wait.ts';
import { announcementOf, type WorkerMoment } from './announcement.ts';

export interface ColleaguesOptions {
  readonly config: Pick<Config, 'lab' | 'fallbackPrimary' | 'concurrency'>;
  readonly publisher: Pick<Publisher, 'publish'>;
  readonly hub: Pick<HubClient, 'runningIds'>;
  readonly journal: Journal;
  readonly queue: CommandQueue;
  readonly roster: Roster;
  readonly mode: () => WorkerMoment['mode'];
  readonly troubles: Pick<Troubles, 'list' | 'set' | 'clear'>;
  readonly answers: Pick<Answers, 'isOwn' | 'last'>;
  readonly log: Logger;
}

/** For what takes a moment when the broker is there. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 50;
/** So many questions are named in an announcement. */
const ANSWERS = 50;

/** What this worker tells the other workers of the lab, and does about what they tell. */
export class Colleagues {
  readonly #options: ColleaguesOptions;
  readonly #announcer: Announcer;
  readonly #elsewhere: Elsewhere;
  #answers: readonly string[] = [];
  #nth = 0;

  constructor(options: ColleaguesOptions) {
    const { config, publisher, journal, queue, mode, answers, troubles } = options;
    this.#options = options;
    const facts = {
      lab: config.lab,
      name: workerName(),
      isPrimary: config.fallbackPrimary,
      concurrency: config.concurrency,
      startedAtMs: journal.startedAtMs,
    };
    this.#announcer = new Announcer({
      publisher,
      announcement: (isLeaving) => {
        this.#nth += 1;
        const elsewhere = this.#elsewhere.unheard();
        const moment = {
          mode: mode(),
          last: answers.last(),
          troubles: troubles.list(),
          isLeaving,
          nth: this.#nth,
          elsewhere,
          answers: this.#answers,
        };
        return workerMessage(announcementOf({ facts, journal, queue }, moment));
      },
    });
    this.#elsewhere = new Elsewhere(options);
  }

  /** Something about our commands has changed. */
  changed(): void {
    this.#announcer.changed();
  }

  /** Asks the others what they have, and says so of ourselves. */
  async ask(token: string): Promise<void> {
    const { config, publisher } = this.#options;
    try {
      await publisher.publish(askMessage(config.lab, token));
    } catch {
      // There is no session: who asks will ask again.
    }
  }

  /** Listens to the lab for as long as the session lives. */
  async hear(session: Session): Promise<void> {
    const { config, roster, log } = this.#options;
    await hearLab(session, {
      lab: config.lab,
      log,
      listeners: {
        onWorker: (announcement) => {
          if (roster.isCopy(announcement)) this.#heardCopy(announcement);
          const isNews = roster.heard(announcement);
          if (isNews && !roster.isSelf(announcement)) this.#elsewhere.announced(announcement);
        },
        onRelay: (announcement) => roster.heardRelay(announcement),
        onResult: (result) => this.#elsewhere.result(result),
        onAsk: (token) => {
          this.#answers = [...this.#answers.filter((known) => known !== token), token].slice(-ANSWERS);
          this.#announcer.now();
        },
      },
    });
    if (session.signal.aborted) return;
    roster.hearing(true);
    session.signal.addEventListener('abort', () => roster.hearing(false), { once: true });
    // Both connections come up by themselves; the question is repeated by the announcements of the others.
    void this.ask(`${workerName()} is here`);
    this.#announcer.now();
  }

  /** Asks the others what they have; resolves to true when they had time to answer, to false when they cannot be heard. */
  async hearOut(signal: AbortSignal): Promise<boolean> {
    const { roster } = this.#options;
    const token = randomUUID();
    await this.ask(token);
    const wentRound = await this.#until(() => roster.wentRoundAt([token]) !== undefined, signal);
    return wentRound && (await wait(HEAR_OUT_MS, signal));
  }

  /** Resolves when the others can have heard what this worker has, or when that takes too long. */
  async announced(signal: AbortSignal): Promise<void> {
    await this.#until(() => this.#options.roster.hearingSince !== undefined, signal);
  }

  /** Asks the hub about lanes that are closed for commands nobody is heard to run; until `signal` is aborted. */
  watch(intervalMs: number, signal: AbortSignal): Promise<void> {
    return this.#elsewhere.watch(intervalMs, signal);
  }

  /** Says goodbye. */
  stop(): Promise<void> {
    return this.#announcer.stop();
  }

  /** The two take each other's commands for their own or for orphans: nothing here can mend that. */
  #heardCopy({ name, isLeaving }: WorkerAnnouncement): void {
    const { troubles, log } = this.#options;
    if (isLeaving) {
      troubles.clear('copy');
      return;
    }
    const text = `STATE_DIR: the worker ${name} has a copy of this worker's journal; stop it, and give it an empty STATE_DIR`;
    troubles.set('copy', text);
    log.error('another worker has a copy of the journal', { reason: text });
  }

  async #until(condition: () => boolean, signal: AbortSignal): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < PATIENCE_MS; waitedMs += LOOK_MS) {
      if (condition()) return true;
      if (!(await wait(LOOK_MS, signal))) return false;
    }
    return condition();
  }
}

/** `host:pid`, for people, as it stands in results and announcements. Workers in two containers may have the same; their journals' identities differ. */
export function workerName(): string {
  return `${hostname()}:${process.pid}`;
}
