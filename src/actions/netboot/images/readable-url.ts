/** A URL for people to read: its password, and who it is of, are not for them. */
export function readable(url: URL | string): string {
  const text = String(url);
  if (!URL.canParse(text)) return text.replace(/\/\/[^\s]*@/, '//');
  const parsed = new URL(text);
  parsed.username = '';
  parsed.password = '';
  return parsed.href;
}
