import { errorCode } from '../errors.ts';

/** Full, out of inodes, over a quota, read-only, another user's, an error of the disk, or in another's hands: all of which may end. */
const SQLITE = /^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|PERM|BUSY|LOCKED)/;
const SYSTEM: ReadonlySet<string | undefined> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'EMFILE',
  'ENFILE',
]);

/** Whether something could not be written just now and may be written later, rather than that it is damaged. */
export function isForWantOfRoom(error: unknown): boolean {
  const code = errorCode(error);
  return SYSTEM.has(code) || (code !== undefined && SQLITE.test(code));
}
