import * as z from 'zod';
import { ACTIONS, hostName } from '../command.ts';
import { trimmed } from '../white-space.ts';
import type { RelayAnnouncement, WorkerAnnouncement } from './announcement.ts';
import { askKey, relayKey, workerKey, WORKERS_EXCHANGE } from './names.ts';
import type { OutgoingMessage } from './outgoing-message.ts';

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
  address: z.string().max(4096).overwrite(trimmed),
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
    troubles: z.array(z.string().max(1_000)).max(100).default([]),
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
