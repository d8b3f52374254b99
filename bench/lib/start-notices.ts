import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { resolve } from 'node:path';
import { tempDir } from '../../tests/helpers/temp-dir.ts';
import type { AtEnd } from './with-cleanup.ts';

/** Power scripts that say when they start, into a pipe that this process reads: both ends of a time are on one clock. */
export interface StartNotices {
  /** Directory with the script, whose name is its power type. */
  readonly scriptsDir: string;
  readonly powerType: string;
  /** Resolves when a script says that it has started, on the clock of `performance.now()`. */
  next(): Promise<number>;
  /** Starts the script as plainly as it gets; resolves once it has ended. */
  runBare(): Promise<void>;
}

/** Makes the script and the pipe. */
export function startNotices(atEnd: AtEnd): StartNotices {
  const dir = tempDir();
  atEnd(() => dir.remove());
  const pipePath = dir.file('started');
  execFileSync('mkfifo', [pipePath]);
  // Open for writing as well, or the first script to close it would end it.
  const fd = openSync(pipePath, constants.O_RDWR | constants.O_NONBLOCK);
  const pipe = new Socket({ fd, readable: true, writable: false });
  atEnd(() => void pipe.destroy());
  const { path: scriptsDir, remove } = tempDir({ announcing: `#!/bin/sh\necho started >${pipePath}\n` });
  atEnd(remove);
  const script = resolve(scriptsDir, 'announcing');
  return {
    scriptsDir,
    powerType: 'announcing',
    next: async () => {
      await once(pipe, 'data');
      return performance.now();
    },
    runBare: async () => {
      const child = spawn(script, { detached: true, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
      await once(child, 'close');
    },
  };
}
