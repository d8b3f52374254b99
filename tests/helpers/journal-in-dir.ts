import { Journal } from '../../src/report/journal.ts';
import { tempDir } from './temp-dir.ts';

/** A journal in a directory of its own, which can be closed and opened again as after a crash. */
export interface JournalInDir {
  /** The journal as it is open now. */
  readonly journal: Journal;
  reopen(): Journal;
  remove(): void;
}

/** Opens a new journal; `remove` it in the end. */
export function journalInDir(): JournalInDir {
  const dir = tempDir();
  let journal = new Journal(dir.path);
  return {
    get journal() {
      return journal;
    },
    reopen() {
      journal.close();
      journal = new Journal(dir.path);
      return journal;
    },
    remove() {
      journal.close();
      dir.remove();
    },
  };
}
