import { describe, expect, it } from '@jest/globals';
import { isForWantOfRoom } from '../../../src/report/want-of-room.ts';

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
