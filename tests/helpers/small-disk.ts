import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A disk of a few megabytes that a test fills and frees. */
export interface SmallDisk {
  /** Where it is mounted. */
  readonly path: string;
  /** Leaves no room on it; called again, it takes what has become free. */
  fill(): void;
  /** Gives the room back. */
  free(): void;
  /** Lets it be written no more, or again. */
  setReadOnly(isReadOnly: boolean): void;
  /** Unmounts it, and deletes the directory. */
  remove(): void;
}

/** Mounts a disk of its own at `path`, which takes root. */
export function smallDisk(path: string, sizeMb = 16): SmallDisk {
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m`, 'tmpfs', path]);
  const filler = join(path, 'filler');
  return {
    path,
    fill: () => fill(filler),
    free: () => rmSync(filler, { force: true }),
    setReadOnly: (isReadOnly) => {
      execFileSync('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, path]);
    },
    remove: () => {
      execFileSync('umount', ['--lazy', path]);
      rmSync(path, { recursive: true, force: true });
    },
  };
}

const CHUNKS = [1_048_576, 65_536, 4_096];

function fill(filler: string): void {
  const file = openSync(filler, 'a');
  try {
    for (const size of CHUNKS) writeUntilFull(file, Buffer.alloc(size));
  } finally {
    closeSync(file);
  }
}

function writeUntilFull(file: number, chunk: Buffer): void {
  try {
    while (writeSync(file, chunk) === chunk.length);
  } catch {
    // There is no room for so much.
  }
}
