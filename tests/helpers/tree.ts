import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/** What a path of a tree holds: a file's text, or where a link leads, as in the golden trees. */
export type TreeNode = { readonly file: string } | { readonly link: string };

/** A tree as data: every file and link by its path. */
export type Tree = Readonly<Record<string, TreeNode>>;

/** Reads what is below `root`, but for what the worker keeps there for itself. */
export function readTree(root: string): Tree {
  const tree: Record<string, TreeNode> = {};
  const read = (dir: string): void => {
    for (const name of readdirSync(join(root, dir)).sort()) {
      const path = dir === '' ? name : `${dir}/${name}`;
      if (path === '.beaker-provision') continue;
      const full = join(root, path);
      const stat = lstatSync(full);
      if (stat.isDirectory()) read(path);
      else
        tree[path] = stat.isSymbolicLink()
          ? { link: readlinkSync(full) }
          : { file: readFileSync(full, 'utf8') };
    }
  };
  read('');
  return tree;
}

/** Writes the tree below `root`. */
export function writeTree(root: string, tree: Tree): void {
  for (const [path, node] of Object.entries(tree)) {
    const full = join(root, path);
    mkdirSync(dirname(full), { recursive: true });
    if ('file' in node) writeFileSync(full, node.file);
    else symlinkSync(node.link, full);
  }
}
