/** One thing in the TFTP tree. `path` is relative to TFTP_ROOT, with `/`, and never leaves it. */
export type TreeEntry =
  | { readonly kind: 'file'; readonly path: string; readonly content: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };

/** A file with this content. */
export function file(path: string, content: string): TreeEntry {
  return { kind: 'file', path, content };
}

/** A symbolic link to `target`, which is relative to where the link is. */
export function link(path: string, target: string): TreeEntry {
  return { kind: 'link', path, target };
}
