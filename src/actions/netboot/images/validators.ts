/** What a server says of the state of a file, by which it can be asked whether that has changed. */
export interface Validators {
  readonly etag: string | undefined;
  /** In the server's own words. */
  readonly lastModified: string | undefined;
  /** In bytes. */
  readonly size: number | undefined;
}

/** Whether the server can be asked at all. A size alone says too little: images of the same name do change. */
export function canBeAsked({ etag, lastModified }: Validators): boolean {
  return etag !== undefined || lastModified !== undefined;
}

/** Whether both are certainly of the same bytes. */
export function areSame(known: Validators, now: Validators): boolean {
  const isSameSize = known.size === undefined || now.size === undefined || known.size === now.size;
  if (!isSameSize) return false;
  // A weak one says that the bytes are as good as the same.
  if (isStrong(known.etag) && isStrong(now.etag)) return known.etag === now.etag;
  return known.lastModified !== undefined && known.lastModified === now.lastModified;
}

function isStrong(etag: string | undefined): boolean {
  return etag !== undefined && !etag.startsWith('W/');
}
