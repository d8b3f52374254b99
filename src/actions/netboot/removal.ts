import { join } from 'node:path';
import { kindOf, readRegularFile } from '../../regular-file.ts';
import type { ActionContext } from '../action-context.ts';
import { defaultsOf, directoriesOf, pathsOf } from './boot-loaders.ts';
import type { TreeChange } from './tree-change.ts';
import type { TreeEntry } from './tree-entry.ts';
import { whatIsAt } from './tree-files.ts';
import { objectionToWay } from './trusted-way.ts';
import type { Verdict, WhoseFiles } from './whose-files.ts';

/** What is to be taken away for a system, and what stays in the tree on purpose. */
export interface Removal {
  readonly paths: readonly string[];
  /** Systems that had the system's address and are known no more: everything of theirs goes as well. */
  readonly goneNames: readonly string[];
  readonly left: readonly LeftFile[];
}

export interface LeftFile {
  readonly path: string;
  readonly reason: string;
}

/** Of the `candidates` those that are there and may be taken away; with them what systems left that had the system's address before. */
export async function judgeRemoval(
  root: string,
  candidates: readonly string[],
  whose: WhoseFiles,
): Promise<Removal> {
  const former = await formerNames(whose);
  const paths: string[] = [];
  const left: LeftFile[] = [];
  for (const path of new Set([...candidates, ...former.flatMap(pathsOfFormer)])) {
    const found = whatIsAt(join(root, path));
    if (found === undefined) continue;
    const objection = objectionToWay(root, path);
    if (objection !== undefined) {
      left.push({ path, reason: objection });
      continue;
    }
    const verdict = await whose.verdictOnPath(path);
    if (found.isDirectory()) left.push({ path, reason: `expected a file or a link, found ${kindOf(found)}` });
    else if (verdict.kind === 'other') left.push({ path, reason: verdict.reason });
    else paths.push(path);
  }
  return { paths, left, goneNames: former.filter(({ isGone }) => isGone).map(({ owner }) => owner) };
}

/** Takes away the paths, in the change, but for those that have become another system's since they were judged. */
export function removePaths(change: TreeChange, paths: readonly string[], whose: WhoseFiles): void {
  for (const path of paths.filter((one) => whose.isAsJudged(one))) {
    // So that no boot file is there without its images at any moment.
    if (path.startsWith('images/')) change.removeLast(path);
    else change.remove(path);
  }
}

/** Takes away, in the change, the system's defaults that are as they were written. */
export function removeDefaults(change: TreeChange, root: string, fqdn: string): void {
  for (const entry of defaultsOf(fqdn)) {
    if (isUnchanged(root, entry) && objectionToWay(root, entry.path) === undefined) change.remove(entry.path);
  }
}

/** Takes away, in the change, the directories of the system that become empty by it. */
export function removeDirectories(change: TreeChange, fqdn: string): void {
  for (const directory of directoriesOf(fqdn)) change.removeIfEmpty(directory);
}

/** Says what stays, and why, in log and outcome. */
export function tellLeft(
  left: readonly LeftFile[],
  { log, onLeft }: Pick<ActionContext, 'log' | 'onLeft'>,
): void {
  const [first] = left;
  if (first === undefined) return;
  const reasons = [...new Set(left.map(({ reason }) => reason))].slice(0, SHOWN);
  log.warn('netboot files left in place', {
    count: left.length,
    paths: left.slice(0, SHOWN).map(({ path }) => path),
    reasons,
  });
  const others = left.length === 1 ? '' : ` and ${left.length - 1} more`;
  onLeft(`netboot files left in place: ${first.path}${others}: ${reasons.join('; ')}`);
}

const SHOWN = 20;

interface FormerName {
  readonly hexIp: string;
  readonly owner: string;
  readonly isGone: boolean;
}

async function formerNames(whose: WhoseFiles): Promise<readonly FormerName[]> {
  const names: FormerName[] = [];
  for (const hexIp of whose.addresses) {
    const verdict: Verdict = await whose.verdictOn(hexIp);
    if (verdict.kind === 'former') names.push({ ...verdict, hexIp });
  }
  return names;
}

/** In its own directory, too, a system leaves files for its address; by its name it may boot elsewhere, unless it is gone. */
function pathsOfFormer({ hexIp, owner, isGone }: FormerName): readonly string[] {
  const all = pathsOf({ fqdn: owner, hexIp });
  if (isGone) return all;
  const byName = new Set(pathsOf({ fqdn: owner, hexIp: undefined }));
  return all.filter((path) => !byName.has(path));
}

function isUnchanged(root: string, entry: TreeEntry): boolean {
  if (entry.kind !== 'file') return false;
  const written = Buffer.from(entry.content);
  try {
    return readRegularFile(join(root, entry.path), { maxBytes: written.length }).equals(written);
  } catch {
    // It is not there, or something else: then it is not as it was written.
    return false;
  }
}
