import { accessSync, constants, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommandFailedError } from '../../errors.ts';
import { packageRoot } from '../../package-root.ts';

/**
 * The path of the script that drives this type of power controller: the admin's if it is an executable file, else the bundled one.
 * @throws CommandFailedError blaming the system when there is neither, or when the type is not a name.
 */
export async function findPowerScript(type: string, adminDir: string): Promise<string> {
  if (!TYPE_NAME.test(type)) {
    throw new CommandFailedError(
      `Power type ${JSON.stringify(type)} is not the name of a power script: expected letters, digits, dots, hyphens and underscores; ` +
        "correct the system's power type",
      { systemBroken: true },
    );
  }
  for (const dir of [adminDir, BUNDLED_DIR]) {
    const path = resolve(dir, type);
    if (isExecutableFile(path)) return path;
  }
  throw new CommandFailedError(
    `Unknown power type ${type}: expected an executable file of that name in ${adminDir} or ${BUNDLED_DIR}, found none; ` +
      "add one (chmod 755) or correct the system's power type",
    { systemBroken: true },
  );
}

const TYPE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

const BUNDLED_DIR = join(packageRoot, 'power-scripts');

// Synchronous, as starting the script is: two looks cost 20 µs where promises of them cost 300, and nothing more can hang here than there.
function isExecutableFile(path: string): boolean {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
