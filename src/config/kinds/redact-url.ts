/** A URL, or a text that was meant to be one, with the password in it replaced by `[redacted]`. */
export function redactUrl(url: string): string {
  if (URL.canParse(url) && new URL(url).password === '') return url;
  // To the last @, because a password that nobody percent-encoded may hold slashes and more of them.
  return url.replace(/(\/\/[^:/?#@]*):.*@/s, '$1:[redacted]@');
}
