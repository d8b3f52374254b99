import { readlinkSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { whatIsAt } from './tree-files.ts';

/** As the kernel. */
const MOST_LINKS = 40;

/** A link in the tree that others may have made, so that it leads where they want. */
class UntrustedLinkError extends Error {
  override readonly name = 'UntrustedLinkError';
}

/**
 * Where a path below the root leads when its links are followed, the last one included; what is not there ends the search. Others may write to the tree,
 * and this process may be root: a link is followed only when it belongs to root, to this process's user, or to the owner of the root, who can do
 * as he likes there in any case. So labs may link `images/` and the like to other places.
 * @throws UntrustedLinkError naming the link and its owner; Error when there are more than 40 links
 */
export function trustedWay(root: string, path: string): string {
  const trusted = new Set([0, process.geteuid?.(), statSync(root).uid]);
  const names = path.split('/');
  let at = realpathSync(root);
  let links = 0;
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    if (name === '' || name === '.') continue;
    const next = name === '..' ? dirname(at) : join(at, name);
    const found = whatIsAt(next);
    if (found === undefined) return join(next, ...names);
    if (found.isSymbolicLink()) {
      if (!trusted.has(found.uid)) throw untrusted(next, found.uid);
      links += 1;
      if (links > MOST_LINKS) throw new Error(`expected at most ${MOST_LINKS} links, found more: ${next}`);
      const target = readlinkSync(next);
      if (target.startsWith('/')) at = '/';
      names.unshift(...target.split('/'));
    } else at = next;
  }
  return at;
}

/** Why the directory of a path below the root must not be gone to; undefined when it may. */
export function objectionToWay(root: string, path: string): string | undefined {
  try {
    trustedWay(root, dirname(path));
    return undefined;
  } catch (error) {
    if (error instanceof UntrustedLinkError) return error.message;
    throw error;
  }
}

function untrusted(link: string, uid: number): UntrustedLinkError {
  const expected = "a directory, or a link of root's, of the worker's user or of the owner of TFTP_ROOT";
  return new UntrustedLinkError(`expected ${expected}, found a link of the user ${uid}: ${link}`);
}
