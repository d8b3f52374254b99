/** A URL for people to read: its password, and who it is of, are not for them. */
export function readable(url: URL | string): string {
  if (!URL.canParse(String(url))) return String(url);
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}
