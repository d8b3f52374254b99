import type { ActionContext, ActionFunction } from '../actions/action-context.ts';
import { type Command, isRepeatable, type Outcome } from '../command.ts';
import { boundedText, CommandFailedError, describeError, InterruptedError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { beginsRest } from '../queue/earliest-start.ts';
import { JournalFullError } from '../report/held-writes.ts';
import type { Journal } from '../report/journal.ts';
import type { JournalEntry } from '../report/journal-entry.ts';
import { wait } from '../wait.ts';
import { steadyNow } from '../steady-clock.ts';
import type { Survivors } from './survivors.ts';
import type { SystemsOff } from './systems-off.ts';

export interface RunOptions extends Pick<
  ActionContext,
  'settings' | 'environment' | 'runProcess' | 'powerScripts' | 'netboot' | 'stopping' | 'killing'
> {
  readonly act: ActionFunction;
  readonly journal: Pick<Journal, 'identity' | 'entry' | 'started' | 'onOwed' | 'runsIn' | 'ended'>;
  /** Called once the command is about to run. */
  readonly onStarted: (entry: JournalEntry) => void;
  /** How long to wait for room in a full journal before what must not be repeated is aborted; 30 s unless given. */
  readonly roomPatienceMs?: number;
  readonly systemsOff: Pick<SystemsOff, 'isOff' | 'ended'>;
  readonly survivors: Pick<Survivors, 'add'>;
  readonly log: Logger;
}

/** Runs a claimed command and journals how it ended; `interrupted` when a stop came first and it will be run again. */
export async function runCommand(command: Command, options: RunOptions): Promise<'ended' | 'interrupted'> {
  const { act, journal, onStarted, systemsOff, survivors } = options;
  const { settings, environment, runProcess, powerScripts, netboot, stopping, killing } = options;
  const { id, fqdn, action } = command;
  const log = options.log.child({ id, fqdn, action });
  // Not begun, it does not count as started: even what must not be repeated can then be run after the next start.
  if (stopping.aborted) return 'interrupted';
  // Set aside meanwhile: it is not ours any more.
  if (journal.entry(id) === undefined) return 'interrupted';
  const startedAt = steadyNow();
  const isOnOwed = (): boolean => journal.entry(id)?.stage === 'on owed';
  const reboot = { isOff: isOnOwed(), switchedOff: () => remember(() => journal.onOwed(id), log) };
  const begun = reboot.isOff ? 'started' : await journalStart(command, startedAt, options);
  if (begun !== 'started') return begun;
  const entry = journal.entry(id);
  if (entry !== undefined) onStarted(entry);
  log.info('command started');
  const isResumable = (): boolean => isRepeatable(action) || isOnOwed();
  const outcome = await outcomeOf(command, act, isResumable, {
    settings,
    environment,
    runProcess,
    powerScripts,
    netboot,
    stopping,
    killing,
    marker: runMarker(journal, id),
    reboot,
    log,
    onProcessGroup: (group) => journal.runsIn(id, group),
    onSurvivors: (processes) => survivors.add(id, processes),
  });
  if (outcome === 'interrupted') {
    log.info('command interrupted, to be run again after the next start');
    if (isOnOwed()) {
      log.error('system is off, to be switched on after the next start');
      systemsOff.isOff(command);
    }
    return 'interrupted';
  }
  systemsOff.ended(command);
  const endedAt = steadyNow();
  journal.ended(command, outcome, endedAt, { beginsRest: beginsRest(command) });
  log.info('command ended', { ...outcome, ranMs: Math.round(endedAt - startedAt) });
  return 'ended';
}

/**
 * Journals the start. What must not be repeated is not begun while that has no room: after a crash the next run would not know that it was.
 * After a while it is aborted, so that it does not hold its slot and lanes for as long as the disk is full.
 */
async function journalStart(
  command: Command,
  startedAt: number,
  { journal, stopping, log, roomPatienceMs = ROOM_PATIENCE_MS }: RunOptions,
): Promise<'started' | 'interrupted' | 'ended'> {
  for (let waitedMs = 0; ; waitedMs += ROOM_LOOK_MS) {
    try {
      journal.started(command, startedAt);
      return 'started';
    } catch (error) {
      if (!(error instanceof JournalFullError)) throw error;
      if (waitedMs >= roomPatienceMs) {
        const message = `${command.action} was not begun: ${error.message}`;
        log.error('command not begun', { id: command.id, reason: message });
        journal.ended(command, { status: 'aborted', message }, steadyNow(), { beginsRest: false });
        return 'ended';
      }
    }
    if (!(await wait(ROOM_LOOK_MS, stopping))) return 'interrupted';
  }
}

const ROOM_PATIENCE_MS = 30_000;
const ROOM_LOOK_MS = 250;

/** What marks the processes of a command, of all that may run on a host: see `endGroups`. */
export function runMarker({ identity }: Pick<Journal, 'identity'>, id: number): string {
  return `${identity}/${id}`;
}

/** A mark that makes the next start do less. That it cannot be written is no reason to leave a system off now. */
function remember(mark: () => void, log: Logger): void {
  try {
    mark();
  } catch (error) {
    log.error('reboot past its off is not journaled', { reason: describeError(error) });
  }
}

/** How a command ends that was cut short, or may have been, and must not be run twice. */
export function abortedOutcome(command: Command, why: string): Outcome {
  return {
    status: 'aborted',
    message: `${why} while ${command.action} was under way; it is not repeated, since it may have had its effect`,
  };
}

/** Characters of a message, which people read in a list of commands; the hub has room for 4,000. */
const MESSAGE_LENGTH = 1_000;

/** The one place where what an action throws becomes an outcome. Its message is masked, and then cut. */
async function outcomeOf(
  command: Command,
  act: ActionFunction,
  isResumable: () => boolean,
  context: Omit<ActionContext, 'onLeft'>,
): Promise<Outcome | 'interrupted'> {
  const left: string[] = [];
  try {
    await act(command, { ...context, onLeft: (what) => left.push(what) });
    return { status: 'completed', ...(left.length > 0 && { message: messageOf(left.join('; '), command) }) };
  } catch (error) {
    if (error instanceof InterruptedError) {
      return isResumable() ? 'interrupted' : abortedOutcome(command, 'The worker was stopped');
    }
    if (error instanceof CommandFailedError) {
      return {
        status: 'failed',
        message: messageOf(error.message, command),
        systemBroken: error.systemBroken,
      };
    }
    context.log.error('action broke down', { reason: error instanceof Error ? error.stack : String(error) });
    return {
      status: 'failed',
      message: messageOf(`${command.action} broke down: ${describeError(error)}`, command),
      systemBroken: false,
    };
  }
}

function messageOf(text: string, { power }: Command): string {
  return boundedText(power?.password.mask(text) ?? text, MESSAGE_LENGTH);
}
