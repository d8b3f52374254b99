import { unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandFailedError, describeError, errorCode } from '../../errors.ts';
import { trustedWay } from './trusted-way.ts';

/** Whether what was thrown, or its cause, says that a disk or a quota is full. */
export function isForWantOfRoom(error: unknown): boolean {
  if (['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '')) return true;
  return error instanceof CommandFailedError && error.cause !== undefined && isForWantOfRoom(error.cause);
}

/**
 * Takes away files and links below the root, boot files before images, with no way back: on a full disk there is no room for one, and what goes makes some.
 * What is not there is no matter.
 * @throws CommandFailedError naming the path that could not be taken away, and why; those before it are gone
 */
export function removeAtOnce(root: string, paths: readonly string[]): void {
  const isImage = (path: string): boolean => path.startsWith('images/');
  for (const path of [...paths.filter((one) => !isImage(one)), ...paths.filter(isImage)]) {
    try {
      trustedWay(root, dirname(path));
      unlinkSync(join(root, path));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') continue;
      throw new CommandFailedError(`cannot remove ${join(root, path)}: ${describeError(error)}`, {
        systemBroken: false,
        cause: error,
      });
    }
  }
}
