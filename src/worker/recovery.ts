import { isRepeatable } from '../command.ts';
import { describeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { endGroups } from '../process/end-group.ts';
import type { CommandQueue } from '../queue/command-queue.ts';
import { beginsRest } from '../queue/earliest-start.ts';
import type { Journal } from '../report/journal.ts';
import type { JournalEntry } from '../report/journal-entry.ts';
import { abortedOutcome, runMarker } from './run-command.ts';

export interface RecoveryOptions {
  readonly journal: Pick<Journal, 'identity' | 'entries' | 'ended'>;
  readonly queue: Pick<CommandQueue, 'resume'>;
  /** Called for what the hub knows, and only its publisher still waits for. */
  readonly onTold: (entry: JournalEntry) => void;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Takes up every journaled command where a former life of this worker left it; none when a stop comes first. */
export async function recover(options: RecoveryOptions): Promise<void> {
  const { journal, log, signal } = options;
  const entries = journal.entries();
  if (entries.length === 0) return;
  log.info('taking up commands of an earlier run', { count: entries.length });
  if (!(await endFormerRuns(entries, { journal, log, signal }))) return;
  for (const entry of entries) takeUp(entry, options);
}

/**
 * Before a command runs again nothing of its former run may be left: two scripts at one machine is what lanes are there to
 * prevent. Tells whether that is so; not when a stop came first.
 */
async function endFormerRuns(
  entries: readonly JournalEntry[],
  { journal, log, signal }: Pick<RecoveryOptions, 'journal' | 'log' | 'signal'>,
): Promise<boolean> {
  const runs = entries
    .filter(({ stage }) => stage === 'started')
    .map(({ command: { id }, processGroup }) => ({ group: processGroup, marker: runMarker(journal, id) }));
  if (runs.length === 0) return true;
  log.info('ending scripts of an earlier run', { count: runs.length });
  try {
    await endGroups(runs, { signal });
    return true;
  } catch (error) {
    if (!signal.aborted) throw error;
    log.warn('stopped before scripts of an earlier run had ended', { reason: describeError(error) });
    return false;
  }
}

function takeUp(entry: JournalEntry, { journal, queue, onTold }: RecoveryOptions): void {
  const { command, stage } = entry;
  switch (stage) {
    case 'claiming':
      return queue.resume(command, 'claim');
    case 'claimed':
      return queue.resume(command, 'run');
    case 'started':
      if (isRepeatable(command.action)) return queue.resume(command, 'run');
      journal.ended(command, abortedOutcome(command, 'The worker died'), Date.now(), {
        beginsRest: beginsRest(command),
      });
      return queue.resume(command, 'report');
    case 'ended':
      return queue.resume(command, 'report');
    case 'told':
      return onTold(entry);
  }
}
