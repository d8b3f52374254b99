import { request as requestByHttp, type ClientRequest } from 'node:http';
import { Agent, type AgentOptions, request as requestByHttps, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Duplex } from 'node:stream';
import { connect, type SecureContext } from 'node:tls';
import { percentDecoded } from './percent-decoded.ts';

/** How certificates are judged. */
export interface Trust {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: boolean;
}

export interface TunnelAgentOptions {
  readonly proxy: URL;
  readonly trust: Trust;
  /** How long the proxy has to open a tunnel, in milliseconds. */
  readonly timeoutMs: number;
  readonly lookup: LookupFunction;
}

type Opened = (error: Error | null, stream: Duplex) => void;

/** An agent for HTTPS whose connections are tunnels through a proxy (CONNECT). Nothing is sent to the server before the tunnel is open. */
export class TunnelAgent extends Agent {
  readonly #tunnel: TunnelAgentOptions;

  constructor(tunnel: TunnelAgentOptions, options: AgentOptions) {
    super(options);
    this.#tunnel = tunnel;
  }

  override createConnection(options: RequestOptions, callback?: Opened): undefined {
    const host = options.host ?? '';
    const request = this.#askProxy(`${isIP(host) === 6 ? `[${host}]` : host}:${options.port ?? 443}`);
    let isOver = false;
    const end: Opened = (error, stream) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      callback?.(error, stream);
    };
    const fail = (what: string, cause?: Error): void => {
      const error = new Error(`the proxy ${this.#tunnel.proxy.host} opens no tunnel: ${what}`, { cause });
      // The type asks for a stream beside an error; no reader looks at it.
      end(error, new Duplex());
      request.destroy();
    };
    const { timeoutMs } = this.#tunnel;
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    request.on('connect', ({ statusCode }, socket, head) => {
      socket.on('error', () => undefined);
      if (statusCode !== 200 || isOver) {
        socket.destroy();
        return fail(`expected status 200, found ${statusCode}`);
      }
      if (head.length > 0) socket.unshift(head);
      const { secureContext, rejectUnauthorized } = this.#tunnel.trust;
      end(
        null,
        connect({ socket, host, servername: options.servername ?? '', secureContext, rejectUnauthorized }),
      );
    });
    request.on('error', (error) => fail('no answer', error));
    request.on('close', () => fail('the connection was closed'));
    request.end();
    return undefined;
  }

  #askProxy(target: string): ClientRequest {
    const { proxy, trust, lookup } = this.#tunnel;
    const request = proxy.protocol === 'https:' ? requestByHttps : requestByHttp;
    return request({
      ...addressOf(proxy),
      ...trust,
      lookup,
      agent: false,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...proxyAuthorization(proxy) },
    });
  }
}

/** Where a URL's server is, and the name that its certificate must have. */
export function addressOf({ protocol, hostname, port }: URL): {
  host: string;
  port: number;
  servername: string;
} {
  const usual = protocol === 'https:' ? 443 : 80;
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, port: port === '' ? usual : Number(port), servername: isIP(host) === 0 ? host : '' };
}

/** The header that logs in to a proxy, when its URL holds a user. */
export function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const credentials = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}
