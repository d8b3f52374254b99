import type { HistoryEvent, ScriptLine } from '../helpers/history-checker.ts';
import { violations } from '../helpers/history-checker.ts';
import type { Plan, PlannedCommand, PlannedFault } from './plan.ts';

/** What a run of a plan left behind. */
export interface Run {
  readonly plan: Plan;
  readonly events: readonly HistoryEvent[];
  readonly lines: readonly ScriptLine[];
  /** When the plan's clock stood at 0, in milliseconds since the epoch. */
  readonly beganAt: number;
  readonly graceMs: number;
  /** The commands that errors in logs are about. */
  readonly errors: ReadonlySet<number>;
}

/** Something that must not have happened, and the commands that it happened to. */
export interface Violation {
  readonly text: string;
  readonly ids: readonly number[];
}

/** Everything that must not have happened: what any lab's history is checked for, and what a plan with its faults does not explain. */
export function judge(run: Run): readonly Violation[] {
  const { plan, events, lines } = run;
  const commands = plan.commands.map(({ id, action, fqdn = '', address = '' }) => ({
    id,
    action,
    fqdn,
    address,
  }));
  const texts = [...violations({ commands, events, lines }), ...outcomes(run), ...delays(run), ...rests(run)];
  const ids = new Set(commands.map(({ id }) => id));
  return texts.map((text) => ({ text, ids: numbersIn(text).filter((number) => ids.has(number)) }));
}

/** Outcomes that contradict what the script did, and aborts without a reason. */
function outcomes(run: Run): string[] {
  const byId = new Map(run.plan.commands.map((command) => [command.id, command]));
  return run.events.flatMap((event) => {
    const command = byId.get(event.id);
    if (command === undefined) return [`command ${event.id}: nobody planned it`];
    if (event.status === 'Failed' && command.type !== 'refusing')
      return [`command ${event.id}: failed, though its script does not fail: ${event.message ?? ''}`];
    if (event.status === 'Aborted') return abortTrouble(event, command, run);
    if (event.status === 'Gone') return silence(event, run);
    return [];
  });
}

function abortTrouble(event: HistoryEvent, { id, action }: PlannedCommand, run: Run): string[] {
  const claimedAt = claimOf(id, run);
  const hitSince = (kinds: readonly FaultKind[]): boolean =>
    hasHit(kinds, { fromMs: claimedAt, toMs: event.atMs }, run);
  if (event.message === 'Command orphaned, aborting') {
    // One that does not answer any more leaves a doubt open; then nobody runs the command, which is safe.
    const isDoubted = !run.lines.some((line) => line.id === id) && lostBefore(event.atMs, run);
    if (!hitSince(['lose-state']) && !isDoubted)
      return [`command ${id}: called orphaned, though nobody lost it`];
    const isEarly = event.atMs - claimedAt < run.graceMs - SLACK_MS;
    return isEarly ? [`command ${id}: called orphaned within the grace`] : [];
  }
  const refusals = run.events.filter((one) => one.id === id && one.status === 'Refused').length;
  if (refusals >= REFUSALS) return [];
  if (action === 'reboot' || action === 'interrupt') {
    return hitSince(['kill', 'restart', 'lose-state'])
      ? []
      : [`command ${id}: aborted, though nobody was killed: ${event.message ?? ''}`];
  }
  return [`command ${id}: ${action} aborted, though it can be repeated: ${event.message ?? ''}`];
}

/** A command that has moved to another lab is forgotten, but not without a word, unless that was lost. */
function silence({ id, atMs }: HistoryEvent, run: Run): string[] {
  const time = { fromMs: claimOf(id, run), toMs: atMs + WORD_MS };
  const mayBeLost = hasHit(['log-reader', 'lose-state'], time, run);
  return run.errors.has(id) || mayBeLost ? [] : [`command ${id}: moved away, and no error says so`];
}

type FaultKind = PlannedFault['fault']['kind'];

/** Whether a fault of such a kind began before the one time and ended after the other. */
function hasHit(
  kinds: readonly FaultKind[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  { plan, beganAt }: Run,
): boolean {
  return plan.faults.some(({ fault, atMs, forMs }) => {
    const overAt = beganAt + atMs + forMs;
    return kinds.includes(fault.kind) && overAt >= fromMs - SLACK_MS && beganAt + atMs <= toMs;
  });
}

function claimOf(id: number, { events }: Run): number {
  return events.find((one) => one.id === id && one.status === 'Running')?.atMs ?? Infinity;
}

function lostBefore(timeMs: number, { plan, beganAt }: Run): boolean {
  return plan.faults.some(({ fault, atMs }) => fault.kind === 'lose-state' && beganAt + atMs < timeMs);
}

const SLACK_MS = 2_000;
/** So often a hub must have refused an outcome before the command is reported as aborted instead. */
const REFUSALS = 8;
/** Within this time a worker has understood that a command has moved away; what is lost of its log was lost by then. */
const WORD_MS = 60_000;

/** A script that ran before its command's delay was over. */
function delays({ plan, events, lines }: Run): string[] {
  const queuedAt = new Map(
    events.filter(({ status }) => status === 'Queued').map(({ id, atMs }) => [id, atMs]),
  );
  return plan.commands.flatMap(({ id, delay = 0 }) => {
    const startedAt = lines.find((line) => line.id === id && line.event === 'start')?.atMs;
    const waitedMs = (startedAt ?? Infinity) - (queuedAt.get(id) ?? 0);
    return waitedMs >= delay * 1000
      ? []
      : [`command ${id}: began after ${waitedMs} ms, its delay is ${delay * 1000} ms`];
  });
}

/** A system that has not rested: `on` and `off` wait for a while after the last script that switched its power. */
function rests({ plan, lines }: Run): string[] {
  const byId = new Map(plan.commands.map((command) => [command.id, command]));
  const lastEnds = new Map<string, ScriptLine>();
  return lines.flatMap((line) => {
    const command = byId.get(line.id);
    const last = lastEnds.get(line.fqdn);
    if (line.event === 'end' && command?.action !== 'interrupt') lastEnds.set(line.fqdn, line);
    if (line.event !== 'start' || command?.quiescentPeriod === undefined || last === undefined) return [];
    if (command.action === 'reboot' || command.action === 'interrupt' || last.id === line.id) return [];
    const restedMs = line.atMs - last.atMs;
    const neededMs = command.quiescentPeriod * 1000;
    return restedMs >= neededMs
      ? []
      : [
          `command ${line.id}: began ${restedMs} ms after ${last.id} ended, ${line.fqdn} had to rest ${neededMs} ms`,
        ];
  });
}

function numbersIn(text: string): readonly number[] {
  return [...new Set([...text.matchAll(/(?<![\w.])\d+(?![\w.])/g)].map(([id]) => Number(id)))];
}
