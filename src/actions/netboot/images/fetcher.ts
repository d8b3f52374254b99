import { createSecureContext, rootCertificates } from 'node:tls';
import { CommandFailedError, describeError, InterruptedError } from '../../../errors.ts';
import { excerpt } from '../../../excerpt.ts';
import type { Logger } from '../../../logger.ts';
import { HttpClient } from '../../../net/http-client.ts';
import { LastGoodAddresses } from '../../../net/last-good-addresses.ts';
import { describeProxy, type Environment, proxiesOf } from '../../../net/proxies.ts';
import type { Trust } from '../../../net/tunnel-agent.ts';
import { MAX_CA_BYTES, readRegularFile } from '../../../regular-file.ts';
import type { Lookup, LookupOptions } from '../name-service.ts';
import { fetchFtp } from './fetch-ftp.ts';
import { fetchHttp } from './fetch-http.ts';
import { FetchWatch } from './fetch-watch.ts';
import type { Fetch, Fetched } from './fetch.ts';
import { ImageFile } from './image-file.ts';
import { readable } from './readable-url.ts';
import type { Validators } from './validators.ts';

export interface FetcherOptions {
  /** A fetch that makes no progress for so long is given up. */
  readonly idleTimeoutMs: number;
  /** So is one that takes longer than this, whatever its progress. */
  readonly deadlineMs: number;
  /** Larger images are not fetched. */
  readonly maxImageBytes: number;
  /** A PEM file of authorities to trust besides the usual ones. */
  readonly caCert: string | undefined;
  /** Whether certificates are checked at all. */
  readonly sslVerify: boolean;
  /** Where the proxies are named: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, or in lower case. */
  readonly environment: Environment;
  /** How names of servers and proxies become addresses. */
  readonly lookup: Lookup;
}

/** The proxies on the way to images, for the first log line. */
export function imageProxies(environment: Environment): { imageProxyHttp: string; imageProxyHttps: string } {
  const proxyFor = proxiesOf({ ...environment, no_proxy: '', NO_PROXY: '' });
  return {
    imageProxyHttp: describeProxy(proxyFor, new URL('http://image.invalid')),
    imageProxyHttps: describeProxy(proxyFor, new URL('https://image.invalid')),
  };
}

/** One thing to fetch. */
export interface ImageRequest {
  readonly url: string;
  /** Where to save it; nothing is there. */
  readonly path: string;
  readonly known: Validators | undefined;
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/** Fetches images by HTTP, HTTPS and FTP. */
export class Fetcher {
  readonly #options: FetcherOptions;
  readonly #addresses: LastGoodAddresses;
  #client: HttpClient | undefined;

  constructor(options: FetcherOptions) {
    this.#options = options;
    this.#addresses = addressesBy(options);
  }

  /**
   * Saves the image, unless it is what is known already.
   * @throws CommandFailedError naming the URL, what was expected and what was found; InterruptedError when `signal` was aborted
   */
  async fetch({ url, path, known, signal, log }: ImageRequest): Promise<Fetched> {
    const { idleTimeoutMs, deadlineMs, maxImageBytes } = this.#options;
    const watch = new FetchWatch({
      idleTimeoutMs,
      deadlineMs,
      signal,
      log: log.child({ url: readable(url) }),
    });
    const save = (write: (file: ImageFile) => Promise<void>): Promise<void> =>
      ImageFile.write({ path, maxBytes: maxImageBytes, watch }, write);
    try {
      // Not everything that a protocol waits for heeds a signal: a proxy's answer, a connection for data. It is left behind then.
      const fetching = this.#byProtocol(url, { known, watch, save, log });
      const fetched = await Promise.race([fetching, watch.ended()]);
      log.info(fetched === 'unchanged' ? 'image is unchanged' : 'image fetched', {
        url: readable(url),
        ...watch.facts(),
      });
      return fetched;
    } catch (error) {
      // Whatever else it led to, why it was ended is the reason.
      throw failure(url, watch.signal.aborted ? watch.signal.reason : error);
    } finally {
      watch.end();
    }
  }

  close(): void {
    this.#client?.close();
  }

  /** Made when it is first needed: a CA_CERT that cannot be read fails the fetches, and nothing else. */
  #httpClient(): HttpClient {
    const { idleTimeoutMs, environment } = this.#options;
    this.#client ??= new HttpClient({
      connectMs: idleTimeoutMs,
      trust: trustFrom(this.#options),
      proxyFor: proxiesOf(environment),
      addresses: this.#addresses,
    });
    return this.#client;
  }

  async #byProtocol(text: string, fetch: Fetch): Promise<Fetched> {
    if (!URL.canParse(text)) throw new Error('expected a URL');
    const url = new URL(text);
    switch (url.protocol) {
      case 'http:':
      case 'https:':
        return fetchHttp(url, { ...fetch, client: this.#httpClient() });
      case 'ftp:':
        return fetchFtp(url, { ...fetch, addresses: this.#addresses });
      default:
        throw new Error(
          `expected a URL of http, https or ftp, found one of ${url.protocol.replace(':', '')}`,
        );
    }
  }
}

function addressesBy({ lookup, idleTimeoutMs }: FetcherOptions): LastGoodAddresses {
  return new LastGoodAddresses({
    firstTimeoutMs: idleTimeoutMs,
    ask: (name, { family, hints }, answer) => {
      const asked: LookupOptions = {
        family: familyOf(family),
        all: true,
        ...(hints !== undefined && { hints }),
      };
      lookup(name, asked).then(
        (addresses) => answer(null, addresses),
        (error: unknown) => answer(error as NodeJS.ErrnoException, []),
      );
    },
  });
}

function familyOf(family: number | 'IPv4' | 'IPv6' | undefined): LookupOptions['family'] {
  if (family === 4 || family === 'IPv4') return 4;
  return family === 6 || family === 'IPv6' ? 6 : 0;
}

/** The hub may have a certificate of the company's, and a mirror one of the world's. */
function trustFrom({ caCert, sslVerify }: FetcherOptions): Trust {
  const own =
    caCert === undefined ? [] : [readRegularFile(caCert, { maxBytes: MAX_CA_BYTES, followLinks: true })];
  const secureContext = createSecureContext(own.length > 0 ? { ca: [...rootCertificates, ...own] } : {});
  return { secureContext, rejectUnauthorized: sslVerify };
}

function failure(url: string, error: unknown): Error {
  if (error instanceof InterruptedError) return error;
  const why = excerpt(describeError(error), 500);
  return new CommandFailedError(`cannot fetch ${readable(url)}: ${why}`, {
    systemBroken: false,
    cause: error,
  });
}
