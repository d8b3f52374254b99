import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '../command.ts';
import { CommandFailedError, describeError, errorCode } from '../errors.ts';
import type { ActionContext } from './action-context.ts';
import { emptyLog } from './console-logs/empty-log.ts';
import { isLogOf } from './console-logs/is-log-of.ts';

/**
 * Empties the console logs of the system in CONSOLE_LOGS. They are emptied, not removed, since the console server has them open. What may be
 * a way to another file, such as a link, is left alone: log and outcome name it and the reason, and the command completes.
 * @throws CommandFailedError naming each that could not be emptied, and why; the others are
 */
export async function clearLogs({ fqdn }: Command, { settings, log, onLeft }: ActionContext): Promise<void> {
  const { consoleLogs: dir } = settings;
  const names = await logsOf(fqdn, dir);
  const left: string[] = [];
  const problems: string[] = [];
  for (const name of names) {
    try {
      const emptied = await emptyLog(dir, name);
      if (emptied !== 'emptied') left.push(`${name}: ${emptied.leftBecause}`);
    } catch (error) {
      problems.push(`cannot empty ${join(dir, name)}: ${describeError(error)}`);
    }
  }
  if (left.length > 0) {
    log.warn('console logs left as they are', { dir, files: firstOf(left) });
    onLeft(`console logs left as they are in ${dir}: ${firstOf(left).join('; ')}`);
  }
  if (problems.length > 0) {
    throw new CommandFailedError(firstOf(problems).join('; '), { systemBroken: false });
  }
  log.debug('console logs emptied', { dir, names: firstOf(names) });
}

/** A directory with more entries than this holds something else than console logs. */
const MOST_ENTRIES = 1_000_000;
const MOST_LOGS = 2000;
const READ_AT_ONCE = 1024;

async function logsOf(fqdn: string, dir: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    let count = 0;
    for await (const { name } of await opendir(dir, { bufferSize: READ_AT_ONCE })) {
      count += 1;
      if (count > MOST_ENTRIES) throw new Error(`expected at most ${MOST_ENTRIES} entries, found more`);
      if (isLogOf(fqdn, name)) names.push(name);
      if (names.length > MOST_LOGS)
        throw new Error(`expected at most ${MOST_LOGS} logs of ${fqdn}, found more`);
    }
    return names.sort();
  } catch (error) {
    // A lab without a console server has no logs to empty.
    if (errorCode(error) === 'ENOENT') return [];
    throw new CommandFailedError(`cannot read CONSOLE_LOGS ${dir}: ${describeError(error)}`, {
      systemBroken: false,
      cause: error,
    });
  }
}

const MOST_NAMED = 20;

/** The first of them, and how many more there are. */
function firstOf(texts: readonly string[]): readonly string[] {
  const more = texts.length - MOST_NAMED;
  return more > 0 ? [...texts.slice(0, MOST_NAMED), `and ${more} more`] : texts;
}
