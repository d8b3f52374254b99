import { describe, expect, it } from '@jest/globals';
import { isForWantOfRoom, noRoom, NoRoomError } from '../../../src/report/want-of-room.ts';

describe('an error of a file in STATE_DIR', () => {
  // The last two: the file of a worker that ran as root once is another user's, and as good as ever.
  it.each(['ENOSPC', 'EROFS', 'EMFILE', 'SQLITE_FULL', 'SQLITE_BUSY', 'EACCES', 'EPERM'])(
    'says with %s nothing of what is in the file',
    (code) => {
      expect(isForWantOfRoom(Object.assign(new Error(), { code }))).toBe(true);
    },
  );

  it.each(['SQLITE_CORRUPT', 'SQLITE_NOTADB', 'ENOENT', undefined])(
    'says with %s that it is no journal',
    (code) => {
      expect(isForWantOfRoom(Object.assign(new Error(), { code }))).toBe(false);
    },
  );
});

describe('what cannot be opened at a start', () => {
  it.each([
    ['ENOSPC', true],
    ['EROFS', true],
    ['SQLITE_FULL', true],
    ['SQLITE_BUSY', true],
    ['SQLITE_IOERR_SHMSIZE', true],
    ['EACCES', false],
    ['EPERM', false],
  ])('is waited for unless another user owns it: %s', (code, isWaitedFor) => {
    const error = noRoom('no', Object.assign(new Error(code), { code }));
    expect(error instanceof NoRoomError).toBe(isWaitedFor);
  });
});
