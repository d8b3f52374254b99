import {
  type AnnouncedCommand,
  longestLanes,
  type NamedCommand,
  type WorkerAnnouncement,
} from '../broker/announcement.ts';
import { lanesOf } from '../command.ts';
import type { CommandQueue } from '../queue/command-queue.ts';
import type { Journal } from '../report/journal.ts';
import type { JournalEntry } from '../report/journal-entry.ts';
import { wallTimeOf } from '../steady-clock.ts';

/** What does not change from one announcement to the next. */
export type WorkerFacts = Pick<
  WorkerAnnouncement,
  'lab' | 'name' | 'isPrimary' | 'concurrency' | 'startedAtMs'
>;

export interface AnnouncementOptions {
  readonly facts: WorkerFacts;
  readonly journal: Pick<Journal, 'identity' | 'entries'>;
  readonly queue: Pick<CommandQueue, 'phaseOf' | 'inLine'>;
}

/** What changes with the moment. */
export type WorkerMoment = Pick<
  WorkerAnnouncement,
  'mode' | 'isLeaving' | 'nth' | 'elsewhere' | 'answers' | 'last' | 'troubles'
>;

/** What this worker has to say: what its journal holds is what it may have been given. */
export function announcementOf(
  { facts, journal, queue }: AnnouncementOptions,
  moment: WorkerMoment,
): WorkerAnnouncement {
  const entries = journal.entries();
  const open = entries.filter(({ stage }) => stage === 'claiming').map(named);
  // A question that is under way may be granted; one that was not answered may have been.
  const asking = open.filter(({ id }) => queue.phaseOf(id) === 'claiming');
  return {
    ...facts,
    ...moment,
    worker: journal.identity,
    running: entries.flatMap(announced),
    asking,
    doubting: open.filter((command) => !asking.includes(command)),
    ...inLine(queue),
  };
}

/** Nobody needs to know more of a backlog, and a hundred thousand ids every other moment would be heard by all. */
const WAITING = 2_000;
/** So many are counted, since it is done anew for each announcement. */
const COUNTED = 5_000;

function inLine(queue: Pick<CommandQueue, 'inLine'>): Pick<WorkerAnnouncement, 'waiting' | 'lanes'> {
  const waiting = new Map<string, number[]>();
  const byLane = new Map<string, number>();
  let counted = 0;
  for (const command of queue.inLine()) {
    if (counted === COUNTED) break;
    counted += 1;
    for (const lane of lanesOf(command)) byLane.set(lane, (byLane.get(lane) ?? 0) + 1);
    if (counted > WAITING) continue;
    const ids = waiting.get(command.fqdn);
    if (ids === undefined) waiting.set(command.fqdn, [command.id]);
    else ids.push(command.id);
  }
  return { waiting: Object.fromEntries(waiting), lanes: longestLanes(byLane) };
}

const STAGES = { claimed: 'claimed', started: 'running', 'on owed': 'running', ended: 'ended' } as const;

function announced(entry: JournalEntry): readonly AnnouncedCommand[] {
  const { stage, receivedAt, startedAt, endedAt } = entry;
  if (stage === 'claiming' || stage === 'told') return [];
  const sinceMs = stage === 'ended' ? endedAt : stage === 'claimed' ? receivedAt : startedAt;
  return [{ ...named(entry), stage: STAGES[stage], sinceMs: wallTimeOf(sinceMs ?? receivedAt) }];
}

function named({ command: { id, fqdn, action, power } }: JournalEntry): NamedCommand {
  return { id, fqdn, action, address: power?.address ?? '' };
}
