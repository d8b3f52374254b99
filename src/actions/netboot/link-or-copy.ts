import { constants } from 'node:fs';
import { chmod, copyFile, link, realpath } from 'node:fs/promises';
import { errorCode } from '../../errors.ts';

/** Other file systems, and files with too many names already, cannot share. */
const CANNOT_SHARE = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP']);

/** Makes `to` a file with the bytes of `named`, sharing them with it where the file system can. */
export async function linkOrCopy(named: string, to: string): Promise<void> {
  // A link to a link would share the name, not the bytes.
  const from = await realpath(named);
  try {
    await link(from, to);
  } catch (error) {
    if (!CANNOT_SHARE.has(errorCode(error) ?? '')) throw error;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    await chmod(to, 0o644);
  }
}
