import type { Result } from '../broker/result-message.ts';
import type { Action, Command, LaneNames } from '../command.ts';
import { beginsRest } from '../queue/earliest-start.ts';
import { RecentIds } from '../queue/recent-ids.ts';
import type { Roster } from '../roster/roster.ts';
import type { ListedCommands } from './listed-commands.ts';
import { LostMessages } from './lost-messages.ts';
import { ReadyPublisher, type ReadyPublisherOptions } from './ready-publisher.ts';

export interface LabRelayOptions extends ReadyPublisherOptions {
  /** What the workers of the lab say; whoever hears them tells it before it tells the relay. */
  readonly roster: Roster;
  /** What the hub has listed so far: worth more than one term, since the hub names what runs by its id alone. */
  readonly listed: ListedCommands;
}

/** What the hub answered: first what is queued, undecoded, then the ids of what runs. So everything unfinished is in one of the two. */
export interface Look {
  readonly queued: readonly unknown[];
  readonly running: readonly number[];
  /** When the first question was asked, on the relay's clock. */
  readonly askedAt: number;
}

/** How many commands of a lab stand where. */
export interface RelayCounts {
  readonly waiting: number;
  readonly published: number;
  readonly running: number;
  /** Waiting commands by lane. */
  readonly byLane: ReadonlyMap<string, number>;
}

/** What is known of a running command. */
interface Named extends LaneNames {
  readonly id: number;
  readonly action: Action;
}

interface Held {
  readonly named: Named;
  readonly heldAt: number;
  /** The hub does not list it any more; a worker is at it still. */
  isGone: boolean;
}

/** What is said to be over stays over: a look that was begun before, or a late message, may say otherwise. */
const ENDED_MS = 60_000;

/**
 * Decides, from looks at the hub and from what workers say, which commands of a lab are published. Nothing of it needs to
 * outlive it: one look and the announcements that answer a question tell the next one the same.
 */
export class LabRelay {
  readonly #options: LabRelayOptions;
  readonly #ready: ReadyPublisher;
  readonly #listed: ListedCommands;
  readonly #lost: LostMessages;
  readonly #held = new Map<number, Held>();
  readonly #ended: RecentIds;
  #unnamed: readonly number[] = [];

  constructor(options: LabRelayOptions) {
    const { clock, roster, listed } = options;
    this.#options = options;
    this.#ready = new ReadyPublisher(options);
    this.#listed = listed;
    this.#lost = new LostMessages({ clock, roster });
    this.#ended = new RecentIds(ENDED_MS, clock);
  }

  /** Why nothing new is published just now; undefined when all is well. */
  get trouble(): string | undefined {
    if (this.#unnamed.length > 0) return `nobody names running commands ${this.#unnamed.join(', ')}`;
    return this.#ready.trouble;
  }

  /**
   * Takes a look at the hub into account. Gives the commands whose messages seem to be lost: published long ago, queued still, and
   * in nobody's hand.
   */
  look({ queued, running, askedAt }: Look): readonly number[] {
    const listed = this.#listed.read(queued);
    for (const id of this.#listed.replaced) this.#held.delete(id);
    this.#ready.forget(this.#listed.replaced);
    this.#holdAnnounced();
    this.#noteUnnamed(running.filter((id) => !this.#holdRunning(id)));
    // Before anything leaves its lanes, so that these do not open to one that is not first.
    if (this.#unnamed.length === 0) this.#addNew(listed);
    this.#forgetGone(new Set([...listed, ...running]));
    this.#endGone(new Set([...running, ...listed]), askedAt);
    return this.#lost.among([...this.#ready.queued()]);
  }

  /** A worker has announced itself, which the roster knows already. */
  announced(): void {
    this.#holdAnnounced();
    const fresh = this.#freshIds();
    for (const [id, { isGone }] of this.#held) if (isGone && !fresh.has(id)) this.#end(id);
  }

  /** Something is said to have become of a command. */
  result({ id, fqdn, action, status }: Result): void {
    if (status !== 'running') {
      if (!this.#held.has(id)) this.#ready.ended(id, { restOf: beginsRest({ action }) ? fqdn : undefined });
      this.#end(id);
      return;
    }
    const named = this.#listed.get(id) ?? this.#listed.withAddress({ id, fqdn, action });
    if (named !== undefined) this.#hold(named);
  }

  /** Publishes commands once more whose messages are lost. */
  async publishAgain(ids: readonly number[]): Promise<void> {
    this.#lost.forget(ids);
    await Promise.all(ids.map((id) => this.#ready.publishAgain(id)));
  }

  counts(): RelayCounts {
    const { waiting, published } = this.#ready.counts();
    return { waiting: waiting.total, published, running: this.#held.size, byLane: waiting.byLane };
  }

  /** Publishes nothing more. */
  stop(): void {
    this.#ready.stop();
  }

  #addNew(listed: ReadonlySet<number>): void {
    for (const id of listed) {
      const command = this.#listed.get(id);
      if (command === undefined || this.#isKnown(id)) continue;
      this.#ready.add(command);
    }
  }

  #isKnown(id: number): boolean {
    return this.#held.has(id) || this.#ended.has(id) || this.#ready.has(id);
  }

  /** Closes the lanes of a command that the hub lists as running; tells whether they are known. */
  #holdRunning(id: number): boolean {
    const held = this.#held.get(id);
    if (held !== undefined) held.isGone = false;
    if (held !== undefined || this.#ended.has(id)) return true;
    // One that was invalid may have been mended since.
    const named = this.#listed.get(id) ?? announcedAs(this.#options.roster, id);
    if (named !== undefined) this.#hold(named);
    return named !== undefined || this.#listed.isInvalid(id);
  }

  #holdAnnounced(): void {
    for (const { command, isFresh } of this.#options.roster.allRunningElsewhere()) {
      const { address, ...rest } = command;
      if (isFresh) this.#hold({ ...rest, power: { address } });
    }
  }

  #hold(given: Named): void {
    const { id } = given;
    if (this.#held.has(id) || this.#ended.has(id)) return;
    // By the lanes that it was listed with, if it was: with others, what it holds as published would never open again.
    const { fqdn, action, power } = this.#listed.get(id) ?? given;
    const named = { id, fqdn, action, power };
    this.#held.set(id, { named, heldAt: this.#options.clock.now(), isGone: false });
    this.#ready.hold(named);
  }

  /** Takes out what the hub lists no more: cancelled, beyond the end of a list that is cut, or run without our hearing of it. */
  #forgetGone(unfinished: ReadonlySet<number>): void {
    const gone = [...this.#ready.queued()].filter(({ command }) => !unfinished.has(command.id));
    this.#ready.forget(
      gone.map(({ command }) => command.id),
      // Whoever had its message may have switched the power in the meantime.
      gone.filter(({ command, isPublished }) => isPublished && beginsRest(command)).map(fqdnOf),
    );
  }

  /** Ends what the hub does not list any more, but for what a worker is at still: its command was cancelled under its hands. */
  #endGone(unfinished: ReadonlySet<number>, askedAt: number): void {
    const fresh = this.#freshIds();
    for (const [id, held] of this.#held) {
      // Closed during the look, which may be older.
      if (unfinished.has(id) || held.heldAt >= askedAt) continue;
      held.isGone = true;
      if (!fresh.has(id)) this.#end(id);
    }
  }

  #end(id: number): void {
    const named = this.#held.get(id)?.named;
    this.#ended.add(id);
    this.#held.delete(id);
    this.#options.roster.ended(id);
    if (named !== undefined) {
      this.#ready.ended(id, { restOf: beginsRest(named) ? named.fqdn : undefined });
    }
  }

  #freshIds(): ReadonlySet<number> {
    const running = this.#options.roster.allRunningElsewhere();
    return new Set(running.filter(({ isFresh }) => isFresh).map(({ command }) => command.id));
  }

  #noteUnnamed(ids: readonly number[]): void {
    const isNew = ids.some((id) => !this.#unnamed.includes(id));
    this.#unnamed = ids;
    if (isNew) this.#options.log.warn('nobody names running commands, nothing new is published', { ids });
  }
}

function announcedAs(roster: Roster, id: number): Named | undefined {
  const found = roster.named(id);
  return found && { id, fqdn: found.fqdn, action: found.action, power: { address: found.address } };
}

function fqdnOf({ command }: { readonly command: Command }): string {
  return command.fqdn;
}
