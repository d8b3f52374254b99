import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs';
import { type FileHandle, lstat, open, stat } from 'node:fs/promises';

export interface RegularFileOptions {
  /** Larger files are refused. */
  readonly maxBytes: number;
  /** Whether the last part of the path may be a symbolic link: where admins arrange files, not where others may put some. */
  readonly followLinks?: boolean;
}

/** Far above any bundle of certificate authorities. */
export const MAX_CA_BYTES = 8_000_000;

/** A path that leads to something that must not be read: no regular file, or one that is too large. */
export class UnfitFileError extends Error {
  override readonly name = 'UnfitFileError';
}

/**
 * The bytes of a file, read at once. Never waits, as reading a FIFO would, and touches no device.
 * @throws UnfitFileError when it is no regular file, or larger than `maxBytes`; else as `node:fs` does
 */
export function readRegularFile(path: string, options: RegularFileOptions): Buffer {
  refuseUnfit(options.followLinks === true ? statSync(path) : lstatSync(path), path, options);
  const file = openSync(path, flags(options));
  try {
    // Perhaps it is another by now.
    const found = fstatSync(file);
    refuseUnfit(found, path, options);
    return readAll(file, found.size, path, options);
  } finally {
    closeSync(file);
  }
}

/**
 * Opens a file for reading, as `readRegularFile` does; to be closed by the caller.
 * @throws UnfitFileError when it is no regular file, or larger than `maxBytes`; else as `node:fs` does
 */
export async function openRegularFile(path: string, options: RegularFileOptions): Promise<FileHandle> {
  refuseUnfit(await (options.followLinks === true ? stat(path) : lstat(path)), path, options);
  const file = await open(path, flags(options));
  try {
    refuseUnfit(await file.stat(), path, options);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Makes an empty file that only its owner can read, unless it is there. Never waits, as opening a FIFO would.
 * @throws UnfitFileError when it is there and no regular file; else as `node:fs` does
 */
export function makePrivateFile(path: string): void {
  const { O_WRONLY, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY, 0o600);
  try {
    refuseUnfit(fstatSync(file), path, { maxBytes: Infinity });
  } finally {
    closeSync(file);
  }
}

/** To open a device may do something already, so it is looked at before; and what takes its place in between must not block. */
function flags({ followLinks = false }: RegularFileOptions): number {
  return (
    constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY | (followLinks ? 0 : constants.O_NOFOLLOW)
  );
}

function refuseUnfit(found: Stats, path: string, { maxBytes }: RegularFileOptions): void {
  if (!found.isFile()) {
    // As Node says it of directories, by whose code admins know it.
    const code = found.isDirectory() ? 'EISDIR: ' : '';
    throw new UnfitFileError(`${code}expected a regular file, found ${kindOf(found)}: ${path}`);
  }
  if (found.size > maxBytes) throw tooLarge(path, maxBytes, found.size);
}

/** What a directory entry is, for people: `a FIFO`. */
export function kindOf(found: Stats): string {
  if (found.isDirectory()) return 'a directory';
  if (found.isSymbolicLink()) return 'a symbolic link';
  if (found.isFIFO()) return 'a FIFO';
  if (found.isSocket()) return 'a socket';
  return found.isFile() ? 'a file' : 'a device';
}

/** Up to the end, wherever that is: files of the kernel's say that they are empty, and others may grow. */
function readAll(file: number, size: number, path: string, { maxBytes }: RegularFileOptions): Buffer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const chunkBytes = Math.min(Math.max(size + 1, 1_024), 65_536);
  for (;;) {
    const chunk = Buffer.allocUnsafe(chunkBytes);
    const read = readSync(file, chunk);
    if (read === 0) return Buffer.concat(chunks, bytes);
    bytes += read;
    if (bytes > maxBytes) throw tooLarge(path, maxBytes, bytes);
    chunks.push(chunk.subarray(0, read));
  }
}

function tooLarge(path: string, maxBytes: number, bytes: number): UnfitFileError {
  return new UnfitFileError(`expected at most ${maxBytes} bytes, found ${bytes} or more: ${path}`);
}
