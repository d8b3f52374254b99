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

/** A file that cannot be opened or written now, and may be later without anything of the configuration being changed. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
}

/** The error to throw for one that is for want of room: another user's files are waited for by none. */
export function noRoom(message: string, cause: unknown): Error {
  const isRefused = /^(EACCES|EPERM|SQLITE_PERM)/.test(errorCode(cause) ?? '');
  return isRefused ? new Error(message, { cause }) : new NoRoomError(message, { cause });
}
