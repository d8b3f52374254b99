const NAME = 'beaker_auth_token';

/**
 * What an answer's `Set-Cookie` headers say about the session: the `Cookie` header to send from now on, null when it is over, undefined when
 * nothing. How long the cookie is good is not looked at: the hub says when a session is over, and our clocks may differ by hours.
 */
export function authCookie(setCookie: string | readonly string[] | undefined): string | null | undefined {
  if (setCookie === undefined) return undefined;
  const lines = typeof setCookie === 'string' ? [setCookie] : setCookie;
  const value = lines.map(valueOf).findLast((found) => found !== undefined);
  if (value === undefined) return undefined;
  return SENDABLE.test(value) ? `${NAME}=${value}` : null;
}

/** No more than a header may hold; another text would fail each call to come. */
const SENDABLE = /^[\x21-\x7E]{1,4096}$/;

function valueOf(line: string): string | undefined {
  const [pair = ''] = line.split(';', 1);
  const [name, ...value] = pair.split('=');
  return name?.trim() === NAME ? value.join('=').trim() : undefined;
}
