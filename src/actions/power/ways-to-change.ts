import { realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * How others than root and this process's user may change what is at `path`, a file or a directory: one sentence for each way, none when
 * they cannot. Of a file its directory counts as well, and of a link what it leads to.
 */
export function waysToChange(path: string): readonly string[] {
  try {
    const real = realpathSync(path);
    const isDirectory = statSync(real).isDirectory();
    const places = new Set([real, ...(isDirectory ? [] : [dirname(path), dirname(real)])]);
    return [...places].flatMap(waysToChangeOne);
  } catch {
    // It has gone: then starting it says so.
    return [];
  }
}

function waysToChangeOne(path: string): readonly string[] {
  const { uid, gid, mode } = statSync(path);
  const ways: string[] = [];
  if (uid !== 0 && uid !== process.geteuid?.()) ways.push(`${path} belongs to the user ${uid}`);
  if ((mode & 0o020) !== 0) ways.push(`the group ${gid} may write to ${path}`);
  if ((mode & 0o002) !== 0) ways.push(`everybody may write to ${path}`);
  return ways;
}
