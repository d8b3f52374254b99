import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from './errors.ts';

/**
 * Makes a directory and those above it that are missing. Node's own way says of a read-only disk that something is not there, and tries for
 * ever, ending no more, where a directory is there and takes no entries, as in /proc.
 */
export function makeDirectories(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    if (errorCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
    makeDirectories(dirname(path), mode);
    mkdirSync(path, { mode });
  }
}
