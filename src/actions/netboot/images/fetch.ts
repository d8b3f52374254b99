import type { Logger } from '../../../logger.ts';
import type { FetchWatch } from './fetch-watch.ts';
import type { ImageFile } from './image-file.ts';
import type { Validators } from './validators.ts';

/** What the fetching of one image is given, by whatever protocol. */
export interface Fetch {
  /** What an earlier fetch found, if the file of then is there still. */
  readonly known: Validators | undefined;
  /** Ends it, and is told of its progress. */
  readonly watch: FetchWatch;
  /** Makes the file, and has it written. */
  readonly save: (write: (file: ImageFile) => Promise<void>) => Promise<void>;
  readonly log: Logger;
}

/** `unchanged` when what is known is still so; else the state of what was saved. */
export type Fetched = 'unchanged' | Validators;
