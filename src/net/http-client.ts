import { setMaxListeners } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request as requestByHttp } from 'node:http';
import { Agent as SecureAgent, request as requestByHttps } from 'node:https';
import { LastGoodAddresses } from './last-good-addresses.ts';
import type { ProxyChoice } from './proxies.ts';
import { send, StaleConnectionError } from './send.ts';
import { addressOf, proxyAuthorization, type Trust, TunnelAgent } from './tunnel-agent.ts';

export interface HttpClientOptions {
  /** For a connection: name, proxy and TLS included. */
  readonly connectMs: number;
  readonly trust: Trust;
  readonly proxyFor: ProxyChoice;
  readonly addresses?: LastGoodAddresses | undefined;
}

export interface HttpRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the request to the head of the answer, in milliseconds; no limit unless given. */
  readonly firstByteMs?: number;
  /** Ends the request, and its answer until that has been read. */
  readonly signal: AbortSignal;
  /** Called with true when a connection takes the request, and with false when it turns out that the connection took none of it. */
  readonly onSent?: (isSent: boolean) => void;
}

/** Shorter than servers keep an unused connection (5 s is usual), so that few requests meet one that is just being closed. */
const KEPT_MS = 4_000;

/** HTTP and HTTPS, directly or through proxies, on connections that are kept alive between requests. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #addresses: LastGoodAddresses;
  readonly #plain = new Agent({ keepAlive: true, timeout: KEPT_MS });
  readonly #secure: SecureAgent;
  readonly #tunnels = new Map<string, TunnelAgent>();
  readonly #closing = new AbortController();

  constructor(options: HttpClientOptions) {
    this.#options = options;
    // One for each request under way.
    setMaxListeners(0, this.#closing.signal);
    this.#addresses = options.addresses ?? new LastGoodAddresses({ firstTimeoutMs: options.connectMs });
    this.#secure = new SecureAgent({ keepAlive: true, timeout: KEPT_MS, ...options.trust });
  }

  /**
   * Sends a request once and gives its answer, whose body is to be read or destroyed. The server's errors are answers too.
   * @throws Error that says what was late or went wrong, or the reason of `signal`
   */
  async request(url: URL, request: HttpRequest): Promise<IncomingMessage> {
    for (;;) {
      try {
        return await this.#try(url, request);
      } catch (error) {
        // Each takes a connection that was kept, until there is none left.
        if (!(error instanceof StaleConnectionError)) throw error;
      }
    }
  }

  /** Ends all connections; requests under way fail, and so do later ones. */
  close(): void {
    this.#closing.abort(new Error('the client is closed'));
    for (const agent of [this.#plain, this.#secure, ...this.#tunnels.values()]) agent.destroy();
  }

  async #try(url: URL, request: HttpRequest): Promise<IncomingMessage> {
    const { connectMs, proxyFor } = this.#options;
    for (const signal of [request.signal, this.#closing.signal]) signal.throwIfAborted();
    const proxy = proxyFor(url);
    const opened = this.#open(url, proxy, request);
    return send(opened, {
      connectMs,
      isSecure: url.protocol === 'https:' || proxy?.protocol === 'https:',
      body: request.body,
      firstByteMs: request.firstByteMs,
      signal: eitherOf(request.signal, this.#closing.signal, opened),
      onSent: request.onSent ?? (() => undefined),
      onConnected: () => this.#addresses.reached(addressOf(proxy ?? url).host),
    });
  }

  #open(url: URL, proxy: URL | undefined, { method = 'GET', headers }: HttpRequest): ClientRequest {
    const { host, pathname, search } = url;
    const path = `${pathname}${search}`;
    const common = { method, lookup: this.#addresses.lookup, headers: { host, ...headers } };
    if (url.protocol === 'https:') {
      const agent = proxy === undefined ? this.#secure : this.#tunnelTo(proxy);
      return requestByHttps({ ...common, ...addressOf(url), path, agent });
    }
    if (proxy === undefined) return requestByHttp({ ...common, ...addressOf(url), path, agent: this.#plain });
    // The whole URL in place of a tunnel: many proxies open those to port 443 only.
    const asked = {
      ...common,
      ...addressOf(proxy),
      path: `http://${host}${path}`,
      headers: { ...common.headers, ...proxyAuthorization(proxy) },
    };
    return proxy.protocol === 'https:'
      ? requestByHttps({ ...asked, agent: this.#secure })
      : requestByHttp({ ...asked, agent: this.#plain });
  }

  #tunnelTo(proxy: URL): TunnelAgent {
    const { connectMs, trust } = this.#options;
    const known = this.#tunnels.get(proxy.href);
    const tunnel = { proxy, trust, timeoutMs: connectMs, lookup: this.#addresses.lookup };
    const agent = known ?? new TunnelAgent(tunnel, { keepAlive: true, timeout: KEPT_MS });
    this.#tunnels.set(proxy.href, agent);
    return agent;
  }
}

/** Aborted with either, until the request is over: signals may live as long as the process, and AbortSignal.any stays on them on Node 20. */
function eitherOf(first: AbortSignal, second: AbortSignal, request: ClientRequest): AbortSignal {
  const either = new AbortController();
  for (const signal of [first, second]) {
    const stop = (): void => either.abort(signal.reason);
    signal.addEventListener('abort', stop);
    request.on('close', () => signal.removeEventListener('abort', stop));
  }
  return either.signal;
}
