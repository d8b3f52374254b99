import { type Dispatcher, request } from 'undici';
import { readable } from './readable-url.ts';
import type { Fetch, Fetched } from './fetch.ts';
import { areSame, type Validators } from './validators.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export type Protocol = 'http:' | 'https:';

interface HttpFetch extends Fetch {
  readonly dispatcherFor: (protocol: Protocol) => Dispatcher;
}

/** Fetches by HTTP or HTTPS, unless the server says that what is known already is still so. */
export async function fetchHttp(url: URL, fetch: HttpFetch): Promise<Fetched> {
  let at = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await ask(at, fetch);
    fetch.watch.progress();
    const location = REDIRECTS.has(response.statusCode) ? response.headers['location'] : undefined;
    if (location === undefined) return receive(response, fetch);
    drop(response.body);
    at = target(String(location), at);
    fetch.log.debug('image is elsewhere', { to: readable(at) });
  }
  throw new Error(`expected at most ${MAX_REDIRECTS} redirects, found more`);
}

async function ask(url: URL, { dispatcherFor, known, watch }: HttpFetch) {
  const { username, password } = url;
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return request(bare, {
    dispatcher: dispatcherFor(url.protocol === 'https:' ? 'https:' : 'http:'),
    signal: watch.signal,
    headers: {
      // The bytes of the file, not of a packing of it.
      'accept-encoding': 'identity',
      ...(username !== '' && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      ...(known?.etag !== undefined && { 'if-none-match': known.etag }),
      ...(known?.lastModified !== undefined && { 'if-modified-since': known.lastModified }),
    },
  });
}

async function receive(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  fetch: Fetch,
): Promise<Fetched> {
  const { known } = fetch;
  const validators = validatorsOf(headers);
  const isKnown =
    known !== undefined && (statusCode === 304 || (statusCode === 200 && areSame(known, validators)));
  if (isKnown) {
    drop(body);
    return 'unchanged';
  }
  if (statusCode !== 200) {
    drop(body);
    throw new Error(`expected status 200, found ${statusCode}`);
  }
  try {
    await fetch.save(async (file) => {
      file.expect(validators.size);
      for await (const chunk of body) await file.append(chunk as Uint8Array);
      file.checkComplete();
    });
  } catch (error) {
    // What was not read would keep its connection.
    drop(body);
    throw error;
  }
  return validators;
}

/** Ends the answer without having read it, of which its body would complain. */
function drop(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => undefined).destroy();
}

function validatorsOf(headers: Dispatcher.ResponseData['headers']): Validators {
  const one = (name: string): string | undefined => headers[name]?.toString();
  const length = one('content-length');
  return {
    etag: one('etag'),
    lastModified: one('last-modified'),
    size: length === undefined ? undefined : Number(length),
  };
}

function target(location: string, from: URL): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to?.protocol === 'http:' || to?.protocol === 'https:') return to;
  throw new Error(`expected a redirect to http or https, found one to ${readable(location)}`);
}
