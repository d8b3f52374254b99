import type {
  AnnouncedCommand,
  NamedCommand,
  RelayAnnouncement,
  WorkerAnnouncement,
} from '../broker/announcement.ts';

/** How long somebody may be silent, who announces itself every 10 s, before it counts as gone or cut off. */
export const SILENT_AFTER_MS = 25_000;

/** A worker or relay, and when it was last heard, in milliseconds of a clock that is never set. */
export interface Heard<T> {
  readonly last: T;
  readonly heardAt: number;
}

/** Whose a running command is that this worker has asked for without hearing the answer. */
export type Whose = 'ours' | 'theirs' | 'unsure';

export interface RosterOptions {
  /** Journal identity of this worker, which its own announcements do not count for; undefined for who is no worker. */
  readonly self: string | undefined;
  /** When this life of it began, as its announcements say; only for a worker. */
  readonly selfStartedAtMs?: number;
  readonly now: () => number;
  /** After how long the fallback primary aborts what nobody names; only for a worker. */
  readonly graceMs?: number;
}

/**
 * Who works in the lab and on what, from what they announce. What a worker said last stays known while it is silent: it may be
 * cut off from the broker and go on. Pure memory: whoever hears announcements tells it.
 */
export class Roster {
  readonly #options: RosterOptions;
  readonly #goneAfterMs: number;
  readonly #workers = new Map<string, Heard<WorkerAnnouncement>>();
  readonly #relays = new Map<string, Heard<RelayAnnouncement>>();
  /** Known to have worked here in a former life of this process, and not heard since. */
  readonly #missed = new Map<string, number>();
  #isListening = false;
  #listeningSince: number | undefined;
  #hearingSince: number | undefined;
  #heardSelfAt = 0;
  /** Questions of ours that came back to us in our own answer, and when. */
  readonly #wentRound = new Map<string, number>();

  constructor(options: RosterOptions) {
    this.#options = options;
    this.#goneAfterMs = Math.max(GONE_AFTER_MS, 2 * (options.graceMs ?? 0));
  }

  /**
   * Since when announcements arrive here without a gap, in milliseconds of that clock; undefined while they do not. A worker's
   * own ones show it: under a memory alarm a broker still delivers, but takes nothing from anybody.
   */
  get hearingSince(): number | undefined {
    const { self, now } = this.#options;
    const isDeaf = self !== undefined && now() - this.#heardSelfAt > SILENT_AFTER_MS;
    return isDeaf ? undefined : this.#hearingSince;
  }

  /** Since when a session with the broker listens, whether anything arrives or not. */
  get listeningSince(): number | undefined {
    return this.#listeningSince;
  }

  /** Whether no other worker was ever heard or heard of. */
  get isAlone(): boolean {
    return this.#workers.size + this.#missed.size === 0;
  }

  /** A session with the broker listens from now on, or no longer. */
  hearing(isListening: boolean): void {
    this.#isListening = isListening;
    this.#listeningSince = isListening ? this.#options.now() : undefined;
    this.#wentRound.clear();
    this.#hearingSince = isListening && this.#options.self === undefined ? this.#options.now() : undefined;
  }

  /** Expects a worker that is known from before this process started. */
  expect(worker: string): void {
    if (worker !== this.#options.self && !this.#workers.has(worker))
      this.#missed.set(worker, this.#options.now());
  }

  /** Whether it is this worker's own announcement, or one of an earlier life of it. */
  isSelf(announcement: WorkerAnnouncement): boolean {
    return announcement.worker === this.#options.self && !this.isCopy(announcement);
  }

  /** Whether it is of a worker that began later than this life with a copy of this worker's journal, whose identity it has. */
  isCopy({ worker, startedAtMs }: WorkerAnnouncement): boolean {
    const { self, selfStartedAtMs = Infinity } = this.#options;
    return worker === self && startedAtMs > selfStartedAtMs;
  }

  /** Takes an announcement into account; tells whether it is news, and not overtaken by a later one of the same worker. */
  heard(announcement: WorkerAnnouncement): boolean {
    if (this.isSelf(announcement)) {
      this.#hearSelf(announcement);
      return true;
    }
    const { worker } = announcement;
    const heardAt = this.#options.now();
    const before = this.#workers.get(worker);
    if (before !== undefined && heardAt - before.heardAt < OVERTAKEN_MS && isOlder(announcement, before.last))
      return false;
    this.#missed.delete(worker);
    const answers = [...(before?.last.answers ?? []), ...announcement.answers].slice(-QUESTIONS);
    this.#workers.set(worker, { last: { ...announcement, answers }, heardAt });
    this.#forgetOld();
    return true;
  }

  heardRelay(announcement: RelayAnnouncement): void {
    if (announcement.isLeaving) this.#relays.delete(announcement.name);
    else this.#relays.set(announcement.name, { last: announcement, heardAt: this.#options.now() });
  }

  /** The hub has the outcome of command `id`: whoever announced it runs it no longer. */
  ended(id: number): void {
    for (const [worker, { last, heardAt }] of this.#workers) {
      if (!last.running.some((command) => command.id === id)) continue;
      const running = last.running.filter((command) => command.id !== id);
      this.#workers.set(worker, { last: { ...last, running }, heardAt });
    }
  }

  /** All other workers that were heard, the silent ones as well. */
  workers(): readonly Heard<WorkerAnnouncement>[] {
    return [...this.#workers.values()];
  }

  relays(): readonly Heard<RelayAnnouncement>[] {
    return [...this.#relays.values()];
  }

  /** Whether it has not been heard for so long that it is not waited for any more. */
  isGone({ heardAt }: Heard<unknown>): boolean {
    return this.#options.now() - heardAt > this.#goneAfterMs;
  }

  isSilent({ heardAt }: Heard<unknown>): boolean {
    return this.#options.now() - heardAt > SILENT_AFTER_MS;
  }

  /** A command as another worker last named it that runs it, may have been given it, or heard of it; undefined when nobody did. */
  named(id: number): NamedCommand | undefined {
    for (const { last } of this.#workers.values()) {
      const found = [...inPlay(last), ...last.elsewhere].find((command) => command.id === id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Everything that other workers last announced to be running; `isFresh` when that worker is still being heard. */
  allRunningElsewhere(): readonly { readonly command: AnnouncedCommand; readonly isFresh: boolean }[] {
    return this.workers().flatMap((heard) => {
      const isFresh = !this.isSilent(heard) && !heard.last.isLeaving;
      return heard.last.running.map((command) => ({ command, isFresh }));
    });
  }

  /** Ids that any worker that is being heard has in hand in any way, waiting included. */
  inHand(): ReadonlySet<number> {
    const ids = new Set<number>();
    for (const heard of this.#workers.values()) {
      if (this.isSilent(heard) || heard.last.isLeaving) continue;
      for (const command of inPlay(heard.last)) ids.add(command.id);
      for (const id of Object.values(heard.last.waiting).flat()) ids.add(id);
    }
    return ids;
  }

  /** When another worker last said that it has, or may have, claimed command `id`, in milliseconds of that clock. */
  lastNamedAt(id: number): number | undefined {
    let latest: number | undefined;
    for (const { last, heardAt } of this.#workers.values()) {
      if (inPlay(last).some((command) => command.id === id)) latest = Math.max(latest ?? 0, heardAt);
    }
    return latest;
  }

  /**
   * Decides whose the running command `id` is that this worker has asked for without hearing the answer. It is ours when nobody
   * else can have been given it: every other worker has answered one of the questions, all asked after the doubt arose, and none has
   * it, nor doubts. Who has not been heard of had a while to answer, since the question was seen to go round. Of two that doubt, the one with the higher identity gives way, and only when it has done so the other takes it:
   * it may just as well have had its answer already. One that does not answer may have it: then nobody can tell.
   */
  whose(id: number, questions: readonly string[]): Whose {
    const { self = '', now } = this.#options;
    const isGone = (since: number): boolean => now() - since >= this.#goneAfterMs;
    const all = [...this.#workers.values()];
    // However long ago it said so.
    if (all.some(({ last }) => hasIt(last, id, self))) return 'theirs';
    // The primary may be polling while it is silent, and nobody aborts what it has.
    const others = all.filter(({ last, heardAt }) => !isGone(heardAt) || (last.isPrimary && !hasLeft(last)));
    const isOpen = others.some(({ last }) => mayHaveIt(last, id, questions));
    const wentRoundAt = this.wentRoundAt(questions);
    const isEarly = wentRoundAt === undefined || now() - wentRoundAt < HEAR_OUT_MS;
    const isMissing = [...this.#missed.values()].some((since) => !isGone(since));
    return isOpen || isEarly || isMissing ? 'unsure' : 'ours';
  }

  /** When the first of these questions of ours was seen to have gone round, in milliseconds; undefined before, and after a gap. */
  wentRoundAt(questions: readonly string[]): number | undefined {
    if (this.hearingSince === undefined) return undefined;
    const times = questions.map((token) => this.#wentRound.get(token)).filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #hearSelf({ answers }: WorkerAnnouncement): void {
    if (!this.#isListening) return;
    const now = this.#options.now();
    if (this.hearingSince === undefined) {
      this.#hearingSince = now;
      this.#wentRound.clear();
    }
    this.#heardSelfAt = now;
    for (const token of answers) if (!this.#wentRound.has(token)) this.#wentRound.set(token, now);
    for (const [token, since] of this.#wentRound) {
      if (now - since < 2 * this.#goneAfterMs) break;
      this.#wentRound.delete(token);
    }
    this.#forgetOld();
  }

  #forgetOld(): void {
    const { now } = this.#options;
    for (const [worker, { heardAt }] of this.#workers) {
      if (now() - heardAt >= FORGOTTEN_AFTER_MS) this.#workers.delete(worker);
    }
    for (const [name, { heardAt }] of this.#relays) {
      if (now() - heardAt >= FORGOTTEN_AFTER_MS) this.#relays.delete(name);
    }
    for (const [worker, since] of this.#missed) {
      if (now() - since >= FORGOTTEN_AFTER_MS) this.#missed.delete(worker);
    }
  }
}

/** All that a worker may have been given. */
function inPlay({ running, doubting, asking }: WorkerAnnouncement): readonly NamedCommand[] {
  return [...running, ...doubting, ...asking];
}

/** Whether it was made before the other one of the same worker. */
function isOlder(one: WorkerAnnouncement, other: WorkerAnnouncement): boolean {
  return one.startedAtMs === other.startedAtMs ? one.nth < other.nth : one.startedAtMs < other.startedAtMs;
}

function hasIt({ running, doubting, worker }: WorkerAnnouncement, id: number, self: string): boolean {
  return names(running, id) || (names(doubting, id) && worker < self);
}

/** It said goodbye, and keeps nothing that it would come back for. */
function hasLeft(last: WorkerAnnouncement): boolean {
  return last.isLeaving && inPlay(last).length === 0;
}

/** It asks, or doubts as we do; or what it said may be older than our questions. One that has left may be back already. */
function mayHaveIt(
  { asking, doubting, answers }: WorkerAnnouncement,
  id: number,
  questions: readonly string[],
): boolean {
  if (names(asking, id) || names(doubting, id)) return true;
  return !questions.some((token) => answers.includes(token));
}

function names(commands: readonly NamedCommand[], id: number): boolean {
  return commands.some((command) => command.id === id);
}

/** An announcement that is under way for longer has expired at the broker; a start before the last one is then of an earlier version, and a clock set back. */
const OVERTAKEN_MS = 60_000;
/** What a worker had that is silent for so long, or for twice the grace, has been aborted as orphaned; it is not waited for any more. */
const GONE_AFTER_MS = 600_000;
const FORGOTTEN_AFTER_MS = 24 * 3_600_000;
/** How long workers have to answer a question that went round. */
export const HEAR_OUT_MS = 1_000;
/** So many answered questions are remembered. */
const QUESTIONS = 500;
