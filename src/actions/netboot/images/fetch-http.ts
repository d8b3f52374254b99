import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { excerpt } from '../../../excerpt.ts';
import { bodyOf } from '../../../net/body-of.ts';
import type { HttpClient } from '../../../net/http-client.ts';
import { percentDecoded } from '../../../net/percent-decoded.ts';
import { readable } from './readable-url.ts';
import type { Fetch, Fetched } from './fetch.ts';
import { areSame, type Validators } from './validators.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

interface HttpFetch extends Fetch {
  readonly client: Pick<HttpClient, 'request'>;
}

/** Fetches by HTTP or HTTPS, unless the server says that what is known already is still so. */
export async function fetchHttp(url: URL, fetch: HttpFetch): Promise<Fetched> {
  let at = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const response = await ask(at, fetch);
    fetch.watch.progress();
    const { statusCode = 0, headers } = response;
    const location = REDIRECTS.has(statusCode) ? headers.location : undefined;
    if (location === undefined) return receive(response, fetch);
    response.destroy();
    at = target(location, at);
    fetch.log.debug('image is elsewhere', { to: excerpt(readable(at)) });
  }
  throw new Error(`expected at most ${MAX_REDIRECTS} redirects, found more`);
}

async function ask(url: URL, { client, known, watch }: HttpFetch): Promise<IncomingMessage> {
  const { username, password } = url;
  const credentials = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return client.request(url, {
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

async function receive(response: IncomingMessage, fetch: Fetch): Promise<Fetched> {
  const { known } = fetch;
  const { statusCode, headers } = response;
  const validators = validatorsOf(headers);
  const isKnown =
    known !== undefined && (statusCode === 304 || (statusCode === 200 && areSame(known, validators)));
  if (isKnown) {
    response.destroy();
    return 'unchanged';
  }
  if (statusCode !== 200) {
    response.destroy();
    throw new Error(`expected status 200, found ${statusCode}`);
  }
  try {
    await fetch.save(async (file) => {
      file.expect(validators.size);
      for await (const chunk of bodyOf(response)) await file.append(chunk);
      file.checkComplete();
    });
  } catch (error) {
    // What was not read would keep its connection.
    response.destroy();
    throw error;
  }
  return validators;
}

/** A longer one would not fit into the head of the next request. */
const MAX_VALIDATOR_LENGTH = 1024;

function validatorsOf(headers: IncomingHttpHeaders): Validators {
  const one = (text: string | undefined): string | undefined =>
    text !== undefined && SENDABLE.test(text) && text.length <= MAX_VALIDATOR_LENGTH ? text : undefined;
  const length = headers['content-length'];
  return {
    etag: one(headers.etag),
    lastModified: one(headers['last-modified']),
    size: length === undefined ? undefined : Number(length),
  };
}

const SENDABLE = /^[\x20-\x7E\x80-\xFF]+$/;

function target(location: string, from: URL): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to?.protocol === 'http:' || to?.protocol === 'https:') return to;
  throw new Error(`expected a redirect to http or https, found one to ${excerpt(readable(location))}`);
}
