import * as z from 'zod';
import { type Command, decodeCommand, encodeCommand, type Outcome } from '../command.ts';
import type { Reply } from '../delivery.ts';

/**
 * Where a journaled command stands: *claiming*: the hub has been, or is about to be, asked for it; *claimed*: it is ours;
 * *started*: its action may have had effects; *on owed*: a
 * reboot has switched its system off, and not on again; *ended*: its outcome is known and the hub has still to be told; *told*: the hub
 * knows, and only the answer that its publisher asked for is owed.
 */
export type Stage = (typeof STAGES)[number];
const STAGES = ['claiming', 'claimed', 'started', 'on owed', 'ended', 'told'] as const;

/** What identifies a process group across a crash of ours; see `process/process-group.ts`. */
const groupSchema = z.object({ pgid: z.int(), bootId: z.string(), startTicks: z.number() });
export type JournaledGroup = z.infer<typeof groupSchema>;

const outcomeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('completed'), message: z.string().exactOptional() }),
  z.object({ status: z.literal('failed'), message: z.string(), systemBroken: z.boolean() }),
  z.object({ status: z.literal('aborted'), message: z.string() }),
]);

const rowSchema = z.object({
  command: z.string().transform((json) => decodeCommand(JSON.parse(json))),
  stage: z.enum(STAGES),
  received_at: z.number(),
  started_at: z.number().nullable(),
  ended_at: z.number().nullable(),
  outcome: z
    .string()
    .transform((json) => outcomeSchema.parse(JSON.parse(json)))
    .nullable(),
  process_group: z
    .string()
    .transform((json) => groupSchema.parse(JSON.parse(json)))
    .nullable(),
  replies: z.string().transform((json) => z.array(replySchema).parse(JSON.parse(json))),
});

const replySchema = z.object({
  replyTo: z.string(),
  correlationId: z
    .string()
    .optional()
    .transform((id): string | undefined => id),
});

/** One command that is not done with. Times are on the steady clock; those of an earlier boot are when the journal was first opened in this one. */
export interface JournalEntry {
  readonly command: Command;
  readonly stage: Stage;
  readonly receivedAt: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly outcome: Outcome | undefined;
  readonly processGroup: JournaledGroup | undefined;
  readonly replies: readonly Reply[];
}

/** Reads a row of the table `command`. Throws when it is none of ours. */
export function decodeRow(value: unknown): JournalEntry {
  const row = rowSchema.parse(value);
  if ((row.stage === 'ended' || row.stage === 'told') && row.outcome === null) {
    throw new Error(`expected an outcome in stage ${row.stage}, found none`);
  }
  return {
    command: row.command,
    stage: row.stage,
    receivedAt: row.received_at,
    startedAt: row.started_at ?? undefined,
    endedAt: row.ended_at ?? undefined,
    outcome: row.outcome ?? undefined,
    processGroup: row.process_group ?? undefined,
    replies: row.replies,
  };
}

/** The values of the entry's row, in the order of `id, command, stage, received_at, started_at, ended_at, outcome, process_group, replies`. */
export function encodeRow({ command, stage, receivedAt, startedAt, endedAt, ...entry }: JournalEntry) {
  return [
    command.id,
    JSON.stringify(encodeCommand(command)),
    stage,
    receivedAt,
    startedAt ?? null,
    endedAt ?? null,
    entry.outcome === undefined ? null : JSON.stringify(entry.outcome),
    entry.processGroup === undefined ? null : JSON.stringify(entry.processGroup),
    JSON.stringify(entry.replies),
  ] as const;
}
