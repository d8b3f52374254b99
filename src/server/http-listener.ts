import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError, errorCode } from '../errors.ts';
import { wait } from '../wait.ts';

/** An HTTP server that listens. */
export interface HttpListener {
  /** `http://host:port`, with the port that it really has. */
  readonly url: string;
  /** Takes nothing new, lets answers go out for a second, then cuts what is left. */
  stop(): Promise<void>;
}

/**
 * Serves HTTP at `listen`, `host:port`; port 0 takes a free one.
 * @throws ConfigError when `listen` is not that; Error when the address cannot be had.
 */
export async function listenHttp(listen: string, serve: RequestListener): Promise<HttpListener> {
  const { host, port } = parseListen(listen);
  const server = createServer({ requestTimeout: 60_000, headersTimeout: 10_000 }, serve);
  // Longer than clients keep a connection idle, so that it is they who close it, and never under a request.
  server.keepAliveTimeout = 75_000;
  await bind(server, host, port, listen);
  const { port: realPort } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${realPort}`,
    stop: () => close(server),
  };
}

const GRACE_MS = 1000;

function parseListen(listen: string): { host: string; port: number } {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<host>[^:]+)):(?<port>\d{1,5})$/.exec(listen);
  const host = match?.groups?.['v6'] ?? match?.groups?.['host'];
  const port = Number(match?.groups?.['port']);
  if (host === undefined || !(port <= 65_535)) {
    throw new ConfigError([
      `the server's address: expected host:port, such as 127.0.0.1:8000, found "${listen}"`,
    ]);
  }
  return { host, port };
}

async function bind(server: Server, host: string, port: number, listen: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Error(explain(listen, error), { cause: error })));
    server.listen(port, host, resolve);
  });
}

function explain(listen: string, error: Error): string {
  const isTaken = errorCode(error) === 'EADDRINUSE';
  const advice = isTaken ? ': another process has that port; stop it or choose another one' : '';
  return `cannot listen on ${listen}${advice}`;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const grace = new AbortController();
  await Promise.race([closed, wait(GRACE_MS, grace.signal)]);
  grace.abort();
  server.closeAllConnections();
  await closed;
}
