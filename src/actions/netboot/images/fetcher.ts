import { createSecureContext, rootCertificates } from 'node:tls';
import { CommandFailedError, describeError, InterruptedError } from '../../../errors.ts';
import { excerpt } from '../../../excerpt.ts';
import type { Logger } from '../../../logger.ts';
import { HttpClient } from '../../../net/http-client.ts';
import { describeProxy, type Environment, proxiesOf } from '../../../net/proxies.ts';
import type { Trust } from '../../../net/tunnel-agent.ts';
import { MAX_CA_BYTES, readRegularFile } from '../../../regular-file.ts';
import { fetchFtp } from './fetch-ftp.ts';
import { fetchHttp } from './fetch-http.ts';
import { FetchWatch } from './fetch-watch.ts';
import type { Fetched } from './fetch.ts';
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
  #client: HttpClient | undefined;

  constructor(options: FetcherOptions) {
    this.#options = options;
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
    });
    return this.#client;
  }

  async #byProtocol(text: string, fetch: Parameters<typeof fetchFtp>[1]): Promise<Fetched> {
    if (!URL.canParse(text)) throw new Error('expected a URL');
    const url = new URL(text);
    switch (url.protocol) {
      case 'http:':
      case 'https:':
        return fetchHttp(url, { ...fetch, client: this.#httpClient() });
      case 'ftp:':
        return fetchFtp(url, fetch);
      default:
        throw new Error(
          `expected a URL of http, https or ftp, found one of ${url.protocol.replace(':', '')}`,
        );
    }
  }
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
