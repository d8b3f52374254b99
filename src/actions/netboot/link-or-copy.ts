import { createWriteStream } from 'node:fs';
import { chmod, type FileHandle, link, lstat, realpath, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '../../errors.ts';
import { openRegularFile, UnfitFileError } from '../../regular-file.ts';

/** Other file systems, and files with too many names already, cannot share; nor can file systems that know no links. */
const CANNOT_SHARE = new Set(['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Whether a file system refuses a further name for a file, which a copy or a change of the name may still get. */
export function cannotLink(error: unknown): boolean {
  return CANNOT_SHARE.has(errorCode(error) ?? '');
}

/**
 * Makes `to` a file with the bytes of `named`, sharing them with it where the file system can. `named` may be a link; `to` is never one.
 * @throws UnfitFileError when `named` leads to no regular file, or to one of more than `maxBytes`
 */
export async function linkOrCopy(named: string, to: string, maxBytes: number): Promise<void> {
  // A link to a link would share the name, not the bytes.
  const from = await realpath(named);
  const file = await openRegularFile(from, { maxBytes });
  try {
    await link(from, to);
    await refuseUnfit(from, to, maxBytes);
  } catch (error) {
    if (!cannotLink(error)) throw error;
    await copy(file, { from, to, maxBytes });
  } finally {
    await file.close();
  }
}

/**
 * Makes `to` a file of its own with the bytes of `named`, which may be a link.
 * @throws UnfitFileError as `linkOrCopy`
 */
export async function copyFile(named: string, to: string, maxBytes: number): Promise<void> {
  const file = await openRegularFile(named, { maxBytes, followLinks: true });
  try {
    await copy(file, { from: named, to, maxBytes });
  } finally {
    await file.close();
  }
}

/**
 * Perhaps another thing had taken the place of what was looked at before it was linked. Its number does not tell: to link a file of an overlay's lower
 * layer gives it a new one.
 */
async function refuseUnfit(from: string, to: string, maxBytes: number): Promise<void> {
  const linked = await lstat(to);
  if (linked.isFile() && linked.size <= maxBytes) return;
  await rm(to, { force: true });
  throw new UnfitFileError(`expected a file that stays as it is, found that it was replaced: ${from}`);
}

interface Copying {
  /** For people. */
  readonly from: string;
  readonly to: string;
  readonly maxBytes: number;
}

async function copy(file: FileHandle, { from, to, maxBytes }: Copying): Promise<void> {
  let bytes = 0;
  const bounded = async function* (source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes)
        throw new UnfitFileError(`expected at most ${maxBytes} bytes, found more: ${from}`);
      yield chunk;
    }
  };
  const source = file.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES });
  await pipeline(source, bounded, createWriteStream(to, { flags: 'wx' }));
  // Whatever the umask: a TFTP server is another user.
  await chmod(to, 0o644);
}

const CHUNK_BYTES = 1_048_576;
