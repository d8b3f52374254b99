import { type Command, isRepeatable } from '../command.ts';
import { describeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { endGroups, type FormerRun } from '../process/end-group.ts';
import type { CommandQueue } from '../queue/command-queue.ts';
import { beginsRest } from '../queue/earliest-start.ts';
import type { Journal } from '../report/journal.ts';
import type { JournalEntry } from '../report/journal-entry.ts';
import { steadyNow } from '../steady-clock.ts';
import { wait } from '../wait.ts';
import { abortedOutcome, runMarker } from './run-command.ts';
import { SURVIVORS_HOLD_MS } from './survivors.ts';

export interface RecoveryOptions {
  readonly journal: Pick<Journal, 'identity' | 'entries' | 'ended'>;
  readonly queue: Pick<CommandQueue, 'resume'>;
  /** Called for what the hub knows, and only its publisher still waits for. */
  readonly onTold: (entry: JournalEntry) => void;
  /** Called for a reboot that was cut short after it had switched its system off. */
  readonly onSystemOff: (command: Command) => void;
  readonly signal: AbortSignal;
  readonly log: Logger;
  /** For how long lanes wait for processes that cannot be killed, in milliseconds; ten minutes unless given. */
  readonly holdMs?: number;
}

/**
 * Takes up every journaled command where a former life of this worker left it. A command whose former run has left something
 * that cannot be killed keeps its lanes closed until that has ended, for ten minutes at most; the others go on.
 */
export function recover(options: RecoveryOptions): void {
  const { journal, log } = options;
  const entries = journal.entries();
  if (entries.length === 0) return;
  log.info('taking up commands of an earlier run', { count: entries.length });
  const runs = new Map(
    entries
      // Of what is only claimed the start may have had no room in the journal.
      .filter(({ stage }) => stage !== 'ended' && stage !== 'told')
      .map(({ command: { id }, processGroup }) => [
        id,
        { group: processGroup, marker: runMarker(journal, id) },
      ]),
  );
  const started = entries.filter(({ stage }) => stage === 'started').length;
  if (started > 0) log.info('ending scripts of an earlier run', { count: started });
  // One look at the process table serves all of them, as long as all of them end.
  const allEnded = runs.size > 0 ? haveEnded([...runs.values()], options.signal) : Promise.resolve(true);
  for (const entry of entries) {
    const run = runs.get(entry.command.id);
    const clear = run && allEnded.then((areAll) => areAll || hasEnded(run, entry, options));
    takeUp(entry, clear, options);
  }
}

function haveEnded(runs: readonly FormerRun[], signal: AbortSignal): Promise<boolean> {
  return endGroups(runs, { signal }).then(
    () => true,
    () => false,
  );
}

const TRY_AGAIN_MS = 10_000;

/**
 * Before a command runs again nothing of its former run may be left: two scripts at one machine is what lanes are there to
 * prevent. Gives true once that is so or ten minutes are over, false when a stop comes first.
 */
async function hasEnded(
  run: FormerRun,
  { command }: JournalEntry,
  { signal, log, holdMs = SURVIVORS_HOLD_MS }: RecoveryOptions,
): Promise<boolean> {
  const { id, fqdn } = command;
  const endAt = steadyNow() + holdMs;
  do {
    try {
      await endGroups([run], { signal });
      return true;
    } catch (error) {
      log.error('script of an earlier run does not end', { id, fqdn, reason: describeError(error) });
    }
    if (steadyNow() >= endAt) return true;
  } while (await wait(TRY_AGAIN_MS, signal));
  return false;
}

function takeUp(
  entry: JournalEntry,
  clear: Promise<boolean> | undefined,
  { journal, queue, onTold, onSystemOff }: RecoveryOptions,
): void {
  const { command, stage } = entry;
  switch (stage) {
    case 'claiming':
      return queue.resume(command, 'claim', clear);
    case 'claimed':
      return queue.resume(command, 'run', clear);
    case 'started':
      if (isRepeatable(command.action)) return queue.resume(command, 'run', clear);
      return queue.resume(command, 'report', abortOnce(clear, command, journal));
    case 'on owed':
      onSystemOff(command);
      return queue.resume(command, 'run', clear);
    case 'ended':
      return queue.resume(command, 'report');
    case 'told':
      return onTold(entry);
  }
}

/** Only then is the outcome journaled: until nothing is left of the run, the journal has to know where it ran. */
async function abortOnce(
  clear: Promise<boolean> | undefined,
  command: Command,
  journal: Pick<Journal, 'ended'>,
): Promise<boolean> {
  if ((await clear) === false) return false;
  const outcome = abortedOutcome(command, 'The worker died');
  journal.ended(command, outcome, steadyNow(), { beginsRest: beginsRest(command) });
  return true;
}
