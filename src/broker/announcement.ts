import type { Action } from '../command.ts';

/** A command by what its lanes are named after. */
export interface NamedCommand {
  readonly id: number;
  readonly fqdn: string;
  readonly action: Action;
  /** Power address, '' without one. With the FQDN it names the command's lanes. */
  readonly address: string;
}

/** A command that its worker has claimed, until the hub has its outcome. */
export interface AnnouncedCommand extends NamedCommand {
  readonly stage: 'claimed' | 'running' | 'ended';
  /** When that stage began, in milliseconds since the epoch. */
  readonly sinceMs: number;
}

/** How a command ended at its worker. */
export interface AnnouncedOutcome {
  readonly id: number;
  readonly fqdn: string;
  readonly action: Action;
  readonly status: 'completed' | 'failed' | 'aborted';
  /** In milliseconds since the epoch. */
  readonly endedMs: number;
  /** The beginning of what the hub was told. */
  readonly message?: string | undefined;
}

/** What a worker says about itself: every 10 s, on change, when it is asked, and a last time when it leaves. */
export interface WorkerAnnouncement {
  readonly lab: string;
  /** Identity of its journal: the same after a restart. */
  readonly worker: string;
  /** `host:pid`, as in results. */
  readonly name: string;
  /** Where its commands come from; polling while the broker delivers nothing. */
  readonly mode: 'starting' | 'push' | 'polling';
  readonly isPrimary: boolean;
  readonly concurrency: number;
  /** It stops, and says nothing more until it is started again. What it then still names is in its journal. */
  readonly isLeaving: boolean;
  readonly startedAtMs: number;
  /** Counts its announcements since then: one that comes after a later one is old. */
  readonly nth: number;
  readonly running: readonly AnnouncedCommand[];
  /** What it is just asking the hub for, for the first time. */
  readonly asking: readonly NamedCommand[];
  /** What it has asked the hub for without hearing the answer. */
  readonly doubting: readonly NamedCommand[];
  /** What it keeps lanes closed for since another worker ran it, which is not heard any more. */
  readonly elsewhere: readonly NamedCommand[];
  /** Ids that it has in line, by system. */
  readonly waiting: Readonly<Record<string, readonly number[]>>;
  /** How many it has in line, by lane; see `longestLanes`. */
  readonly lanes: LaneCounts;
  /** What an admin should look at, a sentence each; see `Troubles`. */
  readonly troubles: readonly string[];
  /** How the commands that ended last have ended, the last first. */
  readonly last: readonly AnnouncedOutcome[];
  /** Tokens of the questions it heard last: this announcement was made after them, however long it was under way. */
  readonly answers: readonly string[];
}

/** What a relay says about itself, as often as a worker. */
export interface RelayAnnouncement {
  readonly lab: string;
  /** `host:pid`. */
  readonly name: string;
  readonly isLeading: boolean;
  readonly isLeaving: boolean;
  /** Why nothing new is published just now; undefined when all is well. */
  readonly trouble?: string | undefined;
  /** Commands that wait for their lanes, delay or rest; that are published and not claimed; that run. */
  readonly waiting: number;
  readonly published: number;
  readonly running: number;
  /** How many wait, by lane; see `longestLanes`. */
  readonly lanes: LaneCounts;
}

/** How many commands wait, by the lanes of `lanesOf`. */
export type LaneCounts = Readonly<Record<string, number>>;

const LANES = 50;

/** Those lanes in which the most wait, and no more of them than everybody can be told every other moment. */
export function longestLanes(byLane: ReadonlyMap<string, number>): LaneCounts {
  return Object.fromEntries([...byLane].sort(([, a], [, b]) => b - a).slice(0, LANES));
}
