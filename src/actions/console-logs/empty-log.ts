import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { errorCode } from '../../errors.ts';

/** `emptied`, or why the file was left alone. */
export type Emptied = 'emptied' | { readonly leftBecause: string };

/**
 * Empties the console log `name` in the directory; the console server keeps it open. Others may write to the directory, and this process may
 * be root: whatever could be a way to empty another file of the machine is left alone. Only regular files with one name are emptied, a link
 * only when link, directory and file belong to root or to this process's user and the file is in the directory. Never waits for a pipe.
 * @throws Error of the file system when the file cannot be opened or emptied
 */
export async function emptyLog(dir: string, name: string): Promise<Emptied> {
  const path = join(dir, name);
  try {
    const found = await lstat(path);
    if (found.isSymbolicLink()) return await emptyBehindLink(dir, path, found.uid);
    if (!found.isFile()) return { leftBecause: 'it is not a file' };
    return await emptyFile(path, () => Promise.resolve(undefined));
  } catch (error) {
    const reason = CHANGED_MEANWHILE[errorCode(error) ?? ''];
    if (reason === undefined) throw error;
    if (reason !== 'gone') return { leftBecause: reason };
    return name.includes(NOT_UTF8) ? { leftBecause: 'its name is not UTF-8' } : 'emptied';
  }
}

/** What Node gives for bytes of a name that are none: there is no file of that name. */
const NOT_UTF8 = '\uFFFD';

/** What the look did not see, and opening does: another one has changed it in between. A file that was rotated away holds nothing. */
const CHANGED_MEANWHILE: Readonly<Record<string, string>> = {
  ENOENT: 'gone',
  ELOOP: 'it is a link',
  EISDIR: 'it is not a file',
  ENXIO: 'it is not a file',
};

async function emptyBehindLink(dir: string, path: string, linkOwner: number): Promise<Emptied> {
  if (!isTrusted(linkOwner)) return { leftBecause: `it is a link that belongs to the user ${linkOwner}` };
  const root = await realpath(dir);
  const target = resolve(root, await readlink(path));
  const place = await realpath(dirname(target));
  const isInside = (real: string): boolean => real.startsWith(`${root}${sep}`);
  if (place !== root && !isInside(place))
    return { leftBecause: `it is a link to ${target}, which is not in ${dir}` };
  for (const directory of [root, place]) {
    const { uid } = await stat(directory);
    if (!isTrusted(uid)) return { leftBecause: `it is a link, and ${directory} belongs to the user ${uid}` };
  }
  return emptyFile(join(place, basename(target)), async (file) => {
    const { uid } = await file.stat();
    if (!isTrusted(uid)) return `it is a link to a file that belongs to the user ${uid}`;
    // Directories on the way may have been exchanged since.
    const opened = await readlink(`/proc/self/fd/${file.fd}`);
    return isInside(opened) ? undefined : `it is a link to ${opened}, which is not in ${dir}`;
  });
}

/** Empties what was opened, whatever has the name by then. `objection` says what else is wrong with it. */
async function emptyFile(
  path: string,
  objection: (file: FileHandle) => Promise<string | undefined>,
): Promise<Emptied> {
  const file = await open(
    path,
    constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY,
  );
  try {
    const found = await file.stat();
    if (!found.isFile()) return { leftBecause: 'it is not a file' };
    if (found.nlink !== 1) return { leftBecause: `the file has ${found.nlink} names (hard links)` };
    const reason = await objection(file);
    if (reason !== undefined) return { leftBecause: reason };
    await file.truncate();
    return 'emptied';
  } finally {
    await file.close();
  }
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
