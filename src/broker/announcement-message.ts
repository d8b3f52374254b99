import { z } from 'zod';
import { ACTIONS, hostName, type Action } from '../command.ts';
import { askKey, relayKey, workerKey, WORKERS_EXCHANGE } from './names.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

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

/** Its receivers learn nothing from an old one. */
const EXPIRATION = '30000';

export function workerMessage(announcement: WorkerAnnouncement): OutgoingMessage {
  const { lab } = announcement;
  return { ...envelope('beaker.worker', wireOf(announcement)), routingKey: workerKey(lab) };
}

export function relayMessage(announcement: RelayAnnouncement): OutgoingMessage {
  return { ...envelope('beaker.relay', wireOf(announcement)), routingKey: relayKey(announcement.lab) };
}

/** Asks all workers and relays of a lab to announce themselves now; `token` names the question in their answers. */
export function askMessage(lab: string, token: string): OutgoingMessage {
  return { ...envelope('beaker.ask', { lab, token }), routingKey: askKey(lab) };
}

/** Reads the token of a question. Throws when it is none. */
export function decodeAsk(content: Buffer): string {
  return wireAsk.parse(JSON.parse(content.toString('utf8'))).token;
}

/** Reads the body of a worker's announcement. Throws when it is none. */
export function decodeWorker(content: Buffer): WorkerAnnouncement {
  return wireWorker.parse(JSON.parse(content.toString('utf8')));
}

/** Reads the body of a relay's announcement. Throws when it is none. */
export function decodeRelay(content: Buffer): RelayAnnouncement {
  return wireRelay.parse(JSON.parse(content.toString('utf8')));
}

function envelope(type: string, body: object): Omit<OutgoingMessage, 'routingKey'> {
  return {
    exchange: WORKERS_EXCHANGE,
    content: Buffer.from(JSON.stringify(body)),
    properties: { contentType: 'application/json', type, persistent: false, expiration: EXPIRATION },
  };
}

const id = z.int().positive();
const count = z.int().nonnegative();
const name = z.string().min(1).max(300);

const wireAsk = z.object({ token: name });

const wireNamed = z.object({
  id,
  fqdn: hostName,
  action: z.enum(ACTIONS),
  address: z.string().max(4096),
});

const wireCommand = wireNamed
  .extend({
    stage: z.enum(['claimed', 'running', 'ended']),
    since_ms: z.number(),
  })
  .transform(({ since_ms: sinceMs, ...rest }) => ({ ...rest, sinceMs }));

const wireOutcome = z
  .object({
    id,
    fqdn: hostName,
    action: z.enum(ACTIONS),
    status: z.enum(['completed', 'failed', 'aborted']),
    ended_ms: z.number(),
    message: z.string().max(1_000).optional(),
  })
  .transform(({ ended_ms: endedMs, ...rest }) => ({ ...rest, endedMs }));

// A worker of before there were any says nothing of them.
const laneCounts = z.record(z.string(), count).default({});

const wireWorker = z
  .object({
    lab: hostName,
    worker: name,
    name,
    mode: z.enum(['starting', 'push', 'polling']),
    is_primary: z.boolean(),
    concurrency: count,
    is_leaving: z.boolean(),
    started_at_ms: z.number(),
    nth: count,
    running: z.array(wireCommand),
    asking: z.array(wireNamed),
    doubting: z.array(wireNamed),
    elsewhere: z.array(wireNamed),
    waiting: z.record(z.string(), z.array(id)),
    lanes: laneCounts,
    last: z.array(wireOutcome).default([]),
    answers: z.array(name),
  })
  .transform(({ is_primary, is_leaving, started_at_ms, ...rest }) => ({
    ...rest,
    isPrimary: is_primary,
    isLeaving: is_leaving,
    startedAtMs: started_at_ms,
  }));

const wireRelay = z
  .object({
    lab: hostName,
    name,
    is_leading: z.boolean(),
    is_leaving: z.boolean(),
    trouble: z.string().optional(),
    waiting: count,
    published: count,
    running: count,
    lanes: laneCounts,
  })
  .transform(({ is_leading: isLeading, is_leaving: isLeaving, ...rest }) => ({
    ...rest,
    isLeading,
    isLeaving,
  }));

/** Names of members as on the wire, in snake case. Names of systems and lanes, the keys of records, are left as they are. */
export function wireOf(announcement: WorkerAnnouncement | RelayAnnouncement): object {
  const { waiting, lanes, ...rest } = announcement;
  return { ...snakeCased(rest), waiting, lanes };
}

function snakeCased(members: object): object {
  return Object.fromEntries(
    Object.entries(members).map(([key, value]: [string, unknown]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      Array.isArray(value) ? value.map(element) : value,
    ]),
  );
}

function element(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? snakeCased(value) : value;
}
