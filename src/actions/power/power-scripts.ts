import { accessSync, constants, lstatSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandFailedError, describeError, errorCode } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { packageRoot } from '../../package-root.ts';
import type { Troubles } from '../../troubles.ts';
import { waysToChange } from './ways-to-change.ts';

export interface PowerScriptsOptions {
  /** The admin's scripts, which come before the bundled ones. */
  readonly adminDir: string;
  /** Whether the admin has to have that directory. One that was seen once has to stay in any case. */
  readonly isRequired: boolean;
  /** The scripts that come with the program; those of this package unless given. */
  readonly bundledDir?: string;
  readonly troubles: Pick<Troubles, 'set' | 'clear'>;
  readonly log: Pick<Logger, 'warn'>;
}

/**
 * Where the scripts are that drive power controllers.
 *
 * What is wrong with the files of this lab controller is not the system's fault, and the bundled script is no replacement for one that the
 * admin wrote: a directory or a script that has gone, or a script that cannot be run, fails the command, blames no system, and shows in
 * `status`.
 */
export class PowerScripts {
  readonly #options: PowerScriptsOptions;
  readonly #adminDir: string;
  readonly #bundledDir: string;
  /** Types that a script of the admin's was found for. */
  readonly #ownTypes = new Set<string>();
  /** Paths that were looked at for those who may change them, and what was said of it. */
  readonly #checked = new Set<string>();
  readonly #said = new Set<string>();
  #mustBeThere: boolean;

  /** Looks at the admin's directory, and logs what is wrong with it. */
  constructor(options: PowerScriptsOptions) {
    this.#options = options;
    // Scripts run in another directory than the worker.
    this.#adminDir = resolve(options.adminDir);
    this.#bundledDir = options.bundledDir ?? join(packageRoot, 'power-scripts');
    this.#mustBeThere = options.isRequired;
    try {
      this.#lookAtAdminDir();
    } catch (error) {
      options.log.warn('own power scripts cannot be used', { reason: describeError(error) });
    }
  }

  /**
   * The path of the script that drives this type of power controller: the admin's, else the bundled one.
   * @throws CommandFailedError: blaming the system when there is neither, or when the type is not a name; not blaming it when the script or
   * its directory cannot be used
   */
  find(type: string): string {
    requireName(type);
    const path = this.#own(type) ?? this.#bundled(type);
    if (path === undefined) {
      throw new CommandFailedError(
        `Unknown power type ${type}: expected an executable file of that name in ${this.#adminDir} or ${this.#bundledDir}, found none; ` +
          "add one (chmod 755) or correct the system's power type",
        { systemBroken: true },
      );
    }
    this.#requireRunnable(path);
    this.#warnOfChange(path);
    return path;
  }

  /** @throws CommandFailedError when the admin's directory is not there as it should, or a script of it has gone */
  #own(type: string): string | undefined {
    const { troubles } = this.#options;
    const path = join(this.#adminDir, type);
    if (!this.#lookAtAdminDir()) return undefined;
    if (isThere(path)) {
      this.#ownTypes.add(type);
      return path;
    }
    if (!this.#ownTypes.has(type)) return undefined;
    const text =
      `Power script ${path} could not be started: it has gone since this worker used it; ` +
      'bring it back, with the file system that it is on, or restart the worker if it was taken away on purpose';
    troubles.set(path, text);
    throw labsFault(text);
  }

  /** @throws CommandFailedError when there is no directory of bundled scripts */
  #bundled(type: string): string | undefined {
    const { troubles } = this.#options;
    const dir = this.#bundledDir;
    const path = join(dir, type);
    const problem = problemWithDirectory(dir);
    if (problem !== undefined) {
      const text = `The directory of the bundled power scripts, ${dir}, cannot be used: ${problem}; install the program anew`;
      troubles.set(dir, text);
      throw labsFault(text);
    }
    troubles.clear(dir);
    return isThere(path) ? path : undefined;
  }

  /** Tells whether there is an admin's directory. @throws CommandFailedError when there should be, and is not */
  #lookAtAdminDir(): boolean {
    const { troubles } = this.#options;
    const problem = problemWithDirectory(this.#adminDir);
    if (problem === MISSING && !this.#mustBeThere) return false;
    if (problem !== undefined) {
      const text =
        `The directory of this lab's own power scripts, POWER_SCRIPTS_DIR ${this.#adminDir}, cannot be used: ${problem}; ` +
        'bring it back or correct the setting, and restart the worker if it was taken away on purpose';
      troubles.set(this.#adminDir, text);
      throw labsFault(text);
    }
    troubles.clear(this.#adminDir);
    this.#mustBeThere = true;
    this.#warnOfChange(this.#adminDir);
    return true;
  }

  #requireRunnable(path: string): void {
    const { troubles } = this.#options;
    const problem = problemWithScript(path);
    if (problem === undefined) {
      troubles.clear(path);
      return;
    }
    const text = `Power script ${path} could not be started: ${problem}`;
    troubles.set(path, text);
    throw labsFault(text);
  }

  /** Looks at each file and directory once, and says each thing once. */
  #warnOfChange(path: string): void {
    if (this.#checked.has(path)) return;
    this.#checked.add(path);
    for (const reason of waysToChange(path)) {
      if (this.#said.has(reason)) continue;
      this.#said.add(reason);
      this.#options.log.warn('others may change what the worker runs', { reason });
    }
  }
}

const MISSING = 'it does not exist';
const TYPE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

function requireName(type: string): void {
  if (TYPE_NAME.test(type)) return;
  throw new CommandFailedError(
    `Power type ${JSON.stringify(type)} is not the name of a power script: expected letters, digits, dots, hyphens and underscores; ` +
      "correct the system's power type",
    { systemBroken: true },
  );
}

function problemWithDirectory(dir: string): string | undefined {
  try {
    const found = statSync(dir, { throwIfNoEntry: false });
    if (found === undefined) return MISSING;
    if (!found.isDirectory()) return 'it is not a directory';
    accessSync(dir, constants.X_OK);
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

// Synchronous, as starting the script is: these looks cost 20 µs where promises of them cost 300, and nothing more can hang here than there.
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw labsFault(`Power script ${path} could not be started: ${describeError(error)}`, error);
  }
}

function problemWithScript(path: string): string | undefined {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return 'it is a link to a file that does not exist; correct the link';
    if (!found.isFile()) return 'it is not a file; replace it by a script, or remove it';
    // A shell runs it, does nothing, and calls that a success.
    if (found.size === 0) return 'it is empty; write it anew, or remove it';
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    if (errorCode(error) !== 'EACCES') return describeError(error);
    return 'it is not executable; make it so (chmod 755), on a file system that is not mounted noexec, or remove it';
  }
}

function labsFault(message: string, cause?: unknown): CommandFailedError {
  return new CommandFailedError(message, { systemBroken: false, cause });
}
