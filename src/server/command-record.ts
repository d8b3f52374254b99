import { type Command, decodeCommand, encodeCommand } from '../command.ts';
import type { Delays } from './delays.ts';
import { showPower } from './system.ts';

/** The states of a command at the hub, in Beaker's words; the last three are ends. */
export const STATUSES = ['Queued', 'Running', 'Completed', 'Failed', 'Aborted'] as const;
export type Status = (typeof STATUSES)[number];

/** A command and what became of it. Times are in milliseconds since 1970. */
export interface CommandRecord {
  /** The command as the hub would give it now: its `delayS` is what remains of the delay. */
  readonly command: Command;
  readonly lab: string;
  readonly status: Status;
  readonly message: string | undefined;
  readonly systemBroken: boolean;
  /** The number of its last change; every change of any command has a higher one than the change before. */
  readonly seq: number;
  readonly delayUntilMs: number | undefined;
  readonly queuedAtMs: number;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
}

/** A row of the table `commands`. */
export interface CommandRow {
  readonly id: number;
  readonly seq: number;
  readonly lab: string;
  readonly fqdn: string;
  readonly action: string;
  readonly status: Status;
  readonly message: string | null;
  readonly system_broken: number;
  readonly delay_until: number | null;
  readonly quiescent_period: number;
  readonly queued_at: number;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly power: string | null;
  readonly netboot: string | null;
}

/**
 * The record in a row.
 * @throws InvalidCommandError when the row holds what no worker would accept.
 */
export function toRecord(row: CommandRow, delays: Pick<Delays, 'remainingS'>): CommandRecord {
  return {
    command: decodeCommand({
      id: row.id,
      action: row.action,
      fqdn: row.fqdn,
      delay: delays.remainingS(row),
      quiescent_period: row.quiescent_period,
      power: parseColumn(row.power),
      netboot: parseColumn(row.netboot),
    }),
    lab: row.lab,
    status: row.status,
    message: row.message ?? undefined,
    systemBroken: row.system_broken !== 0,
    seq: row.seq,
    delayUntilMs: row.delay_until ?? undefined,
    queuedAtMs: row.queued_at,
    startedAtMs: row.started_at ?? undefined,
    finishedAtMs: row.finished_at ?? undefined,
  };
}

/** Whether the command has come to one of its ends. */
export function hasEnded({ status }: CommandRecord): boolean {
  return status !== 'Queued' && status !== 'Running';
}

/** A command as the JSON API shows it; never with a password. */
export function showCommand(record: CommandRecord): object {
  const { id, fqdn, action, quiescentPeriodS, power } = record.command;
  return {
    id,
    seq: record.seq,
    lab: record.lab,
    fqdn,
    action,
    status: record.status,
    message: record.message ?? null,
    system_broken: record.systemBroken,
    delay_until: showTime(record.delayUntilMs),
    quiescent_period: quiescentPeriodS,
    queued_at: showTime(record.queuedAtMs),
    started_at: showTime(record.startedAtMs),
    finished_at: showTime(record.finishedAtMs),
    power: power ? showPower(power) : null,
    netboot: encodeCommand(record.command).netboot ?? null,
  };
}

function parseColumn(text: string | null): unknown {
  return text === null ? null : JSON.parse(text);
}

function showTime(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}
