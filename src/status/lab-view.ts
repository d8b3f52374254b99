import type {
  AnnouncedCommand,
  AnnouncedOutcome,
  RelayAnnouncement,
  WorkerAnnouncement,
} from '../broker/announcement.ts';
import { wireOf } from '../broker/announcement-message.ts';
import { lanesOf } from '../command.ts';
import type { Heard, Roster } from '../roster/roster.ts';

/** What is known of a lab at one moment. */
export interface LabView {
  readonly lab: string;
  /** What somebody should look at, a sentence each; none when all is well. */
  readonly troubles: readonly string[];
  readonly relays: readonly RelayAnnouncement[];
  readonly workers: readonly SeenWorker[];
  /** The lanes in which something runs or waits: where most waits comes first. */
  readonly lanes: readonly LaneView[];
  /** How the last commands ended, the last first. */
  readonly last: readonly (AnnouncedOutcome & { readonly worker: string })[];
}

export interface SeenWorker extends WorkerAnnouncement {
  /** It has not been heard for longer than it should take. */
  readonly isSilent: boolean;
}

export interface LaneView {
  /** As `lanesOf` names it. */
  readonly lane: string;
  readonly running: readonly (AnnouncedCommand & { readonly worker: string })[];
  /** How many wait, as the relay or a worker counts them, whoever counts most: they may have the same ones. */
  readonly waiting: number;
}

const LAST = 10;

/** The lab as the roster has heard of it. */
export function viewOf(lab: string, roster: Roster): LabView {
  // Who was never heard, or not for long, is not missed here: what it had is seen in what the others say.
  const workers = roster
    .workers()
    .filter((heard) => !heard.last.isLeaving && !roster.isGone(heard))
    .map((heard: Heard<WorkerAnnouncement>) => ({ ...heard.last, isSilent: roster.isSilent(heard) }))
    .sort((a, b) => Number(a.isSilent) - Number(b.isSilent));
  const heardRelays = roster.relays().filter((heard) => !heard.last.isLeaving && !roster.isGone(heard));
  const relays = heardRelays.filter((heard) => !roster.isSilent(heard)).map(({ last }) => last);
  const silent = heardRelays.filter((heard) => roster.isSilent(heard)).map(({ last }) => last);
  return {
    lab,
    troubles: [...(isDeaf(roster) ? [DEAF] : []), ...troublesOf(relays, workers), ...silent.map(silentRelay)],
    relays,
    workers,
    lanes: lanesIn(relays, workers),
    last: workers
      .flatMap(({ last, name }) => last.map((outcome) => ({ ...outcome, worker: name })))
      .sort((a, b) => b.endedMs - a.endedMs)
      .slice(0, LAST),
  };
}

/** The view as JSON, with the names that announcements have. */
export function viewAsJson({ lab, troubles, relays, workers, lanes, last }: LabView): string {
  return JSON.stringify({
    lab,
    troubles,
    relays: relays.map(wireOf),
    workers: workers.map(({ isSilent, ...worker }) => ({ ...wireOf(worker), is_silent: isSilent })),
    lanes: lanes.map(({ lane, running, waiting }) => ({
      lane,
      running: running.map(({ id }) => id),
      waiting,
    })),
    last: last.map(({ endedMs, ...outcome }) => ({ ...outcome, ended_ms: endedMs })),
  });
}

const DEAF = 'the broker is away; what is shown is what was heard before';

function isDeaf(roster: Roster): boolean {
  return roster.hearingSince === undefined;
}

function silentRelay({ name, isLeading }: RelayAnnouncement): string {
  return `relay ${name} is silent${isLeading ? '; it led' : ''}`;
}

function troublesOf(relays: readonly RelayAnnouncement[], workers: readonly SeenWorker[]): readonly string[] {
  const polling = workers.filter(({ mode, isSilent }) => mode === 'polling' && !isSilent);
  return [
    ...(workers.length === 0 ? ['no worker answers; start one with this LAB and AMQP_URL'] : []),
    ...workers
      .filter(({ isSilent }) => isSilent)
      .map(({ name, running }) => `worker ${name} is silent; it had ${running.length} commands`),
    ...workers
      .filter(({ isSilent }) => !isSilent)
      .flatMap(({ name, troubles }) => troubles.map((trouble) => `worker ${name}: ${trouble}`)),
    ...closedFor(workers),
    ...primaries(workers),
    ...(relays.length > 0 && !relays.some(({ isLeading }) => isLeading) ? ['no relay leads'] : []),
    ...relays.flatMap(({ name, trouble }) => (trouble === undefined ? [] : [`relay ${name}: ${trouble}`])),
    ...polling.map(({ name }) => `worker ${name} polls, although it is heard at the broker`),
  ];
}

/** One must be there to abort what nobody runs, and to poll when the broker is away. */
function primaries(workers: readonly SeenWorker[]): readonly string[] {
  const all = workers.filter(({ isPrimary, isSilent }) => isPrimary && !isSilent);
  if (workers.length === 0 || all.length === 1) return [];
  if (all.length === 0) return ['no worker is the fallback primary (FALLBACK_PRIMARY)'];
  return [`more than one worker is the fallback primary: ${all.map(({ name }) => name).join(', ')}`];
}

function closedFor(workers: readonly SeenWorker[]): readonly string[] {
  const closed = new Map(
    workers.flatMap(({ elsewhere }) => elsewhere).map((command) => [command.id, command]),
  );
  return [...closed.values()].map(
    ({ id, fqdn, action }) =>
      `${id} ${action} of ${fqdn} was run by a worker that is not heard; its lanes wait`,
  );
}

function lanesIn(relays: readonly RelayAnnouncement[], workers: readonly SeenWorker[]): readonly LaneView[] {
  const waiting = mostOf([...relays, ...workers].map(({ lanes }) => lanes));
  const running = new Map<string, LaneView['running']>();
  for (const { running: commands, name } of workers) {
    for (const command of commands) {
      for (const lane of lanesOf({ fqdn: command.fqdn, power: { address: command.address } })) {
        running.set(lane, [...(running.get(lane) ?? []), { ...command, worker: name }]);
      }
    }
  }
  const lanes = [...new Set([...running.keys(), ...waiting.keys()])];
  return lanes
    .map((lane) => ({
      lane,
      running: running.get(lane) ?? [],
      waiting: waiting.get(lane) ?? 0,
    }))
    .sort((a, b) => b.waiting - a.waiting || b.running.length - a.running.length);
}

function mostOf(all: readonly Readonly<Record<string, number>>[]): ReadonlyMap<string, number> {
  const most = new Map<string, number>();
  for (const [lane, count] of all.flatMap((counts) => Object.entries(counts))) {
    most.set(lane, Math.max(most.get(lane) ?? 0, count));
  }
  return most;
}
