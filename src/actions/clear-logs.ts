import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '../command.ts';
import { CommandFailedError, describeError, errorCode } from '../errors.ts';
import type { ActionContext } from './action-context.ts';

/**
 * Empties the console logs of the system: the files `FQDN` and `FQDN-*` in CONSOLE_LOGS. They are emptied, not removed, since the
 * console server has them open.
 * @throws CommandFailedError naming each that could not be emptied, and why; the others are
 */
export async function clearLogs({ fqdn }: Command, { settings, log }: ActionContext): Promise<void> {
  const names = await logsOf(fqdn, settings.consoleLogs);
  const problems: string[] = [];
  for (const name of names) {
    const path = join(settings.consoleLogs, name);
    try {
      await empty(path);
    } catch (error) {
      problems.push(`cannot empty ${path}: ${describeError(error)}`);
    }
  }
  if (problems.length > 0) throw new CommandFailedError(problems.join('; '), { systemBroken: false });
  log.debug('console logs emptied', { dir: settings.consoleLogs, names });
}

async function logsOf(fqdn: string, dir: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .filter((name) => name === fqdn || name.startsWith(`${fqdn}-`));
  } catch (error) {
    // A lab without a console server has no logs to empty.
    if (errorCode(error) === 'ENOENT') return [];
    throw new CommandFailedError(`cannot read CONSOLE_LOGS ${dir}: ${describeError(error)}`, {
      systemBroken: false,
      cause: error,
    });
  }
}

/** What is no file, or has just been rotated away, holds no log. Does not wait for whoever might read from a pipe of that name. */
async function empty(path: string): Promise<void> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) await file.truncate();
  } catch (error) {
    if (!NO_FILE.has(errorCode(error) ?? '')) throw error;
  } finally {
    await file?.close();
  }
}

const NO_FILE = new Set(['ENOENT', 'EISDIR', 'ENXIO']);
