import { getSetCookies, Headers } from 'undici';

const NAME = 'beaker_auth_token';

/** What an answer's `Set-Cookie` headers say about the session: the `Cookie` header to send from now on, null when it is over, undefined when nothing. */
export function authCookie(setCookie: string | readonly string[] | undefined): string | null | undefined {
  if (setCookie === undefined) return undefined;
  const headers = new Headers();
  for (const line of typeof setCookie === 'string' ? [setCookie] : setCookie)
    headers.append('set-cookie', line);
  const cookie = getSetCookies(headers).findLast(({ name }) => name === NAME);
  if (cookie === undefined) return undefined;
  const expired = cookie.maxAge !== undefined && cookie.maxAge <= 0;
  const past = cookie.expires !== undefined && Number(cookie.expires) < Date.now();
  return cookie.value === '' || expired || past ? null : `${NAME}=${cookie.value}`;
}
