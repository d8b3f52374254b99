/** One thing in the TFTP tree. `path` is relative to TFTP_ROOT, with `/`, and never leaves it. */
export type TreeEntry =
  | { readonly kind: 'file'; readonly path: string; readonly content: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string };
