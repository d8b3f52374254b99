import { createSecureContext, rootCertificates } from 'node:tls';
import { type Dispatcher, EnvHttpProxyAgent } from 'undici';
import { CommandFailedError, describeError, InterruptedError } from '../../../errors.ts';
import type { Logger } from '../../../logger.ts';
import { MAX_CA_BYTES, readRegularFile } from '../../../regular-file.ts';
import { fetchFtp } from './fetch-ftp.ts';
import { fetchHttp, type Protocol } from './fetch-http.ts';
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
  readonly environment: Readonly<Record<string, string | undefined>>;
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
  readonly #dispatchers = new Map<Protocol, Dispatcher>();

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

  async close(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
  }

  #dispatcherFor(protocol: Protocol): Dispatcher {
    const known = this.#dispatchers.get(protocol) ?? dispatcherFrom(this.#options, protocol);
    this.#dispatchers.set(protocol, known);
    return known;
  }

  async #byProtocol(text: string, fetch: Parameters<typeof fetchFtp>[1]): Promise<Fetched> {
    if (!URL.canParse(text)) throw new Error('expected a URL');
    const url = new URL(text);
    switch (url.protocol) {
      case 'http:':
      case 'https:':
        return fetchHttp(url, { ...fetch, dispatcherFor: (protocol) => this.#dispatcherFor(protocol) });
      case 'ftp:':
        return fetchFtp(url, fetch);
      default:
        throw new Error(
          `expected a URL of http, https or ftp, found one of ${url.protocol.replace(':', '')}`,
        );
    }
  }
}

function dispatcherFrom(options: FetcherOptions, protocol: Protocol): Dispatcher {
  const { idleTimeoutMs, caCert, sslVerify, environment } = options;
  const tls = { secureContext: secureContext(caCert), rejectUnauthorized: sslVerify };
  const connect = { ...tls, timeout: idleTimeoutMs };
  // One for each protocol: else what is for HTTP would be taken for HTTPS as well.
  const variable = protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY';
  return new EnvHttpProxyAgent({
    httpProxy: protocol === 'http:' ? proxyFrom(environment, variable) : '',
    httpsProxy: protocol === 'https:' ? proxyFrom(environment, variable) : '',
    noProxy: environment['no_proxy'] ?? environment['NO_PROXY'] ?? '',
    // Many proxies open tunnels to port 443 only.
    proxyTunnel: false,
    connect,
    requestTls: tls,
    proxyTls: connect,
    // The watch sees to these.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** The proxy that the environment names, with or without its `http://`. */
function proxyFrom(environment: FetcherOptions['environment'], variable: string): string {
  const text = environment[variable.toLowerCase()] ?? environment[variable] ?? '';
  if (text === '') return '';
  const url = /^\w+:\/\//.test(text) ? text : `http://${text}`;
  if (URL.canParse(url)) return url;
  throw new Error(`${variable}: expected the URL of a proxy, found ${readable(text)}`);
}

/** The hub may have a certificate of the company's, and a mirror one of the world's. */
function secureContext(caCert: string | undefined) {
  if (caCert === undefined) return createSecureContext();
  const own = readRegularFile(caCert, { maxBytes: MAX_CA_BYTES, followLinks: true });
  return createSecureContext({ ca: [...rootCertificates, own] });
}

function failure(url: string, error: unknown): Error {
  if (error instanceof InterruptedError) return error;
  return new CommandFailedError(`cannot fetch ${readable(url)}: ${describeError(error)}`, {
    systemBroken: false,
    cause: error,
  });
}
