import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server of images, on a port of its own of loopback. */
export interface ImageServer {
  readonly url: string;
  /** What it answers, by path; not found when nothing is there. */
  readonly answers: Map<string, Answer>;
  /** Each request, as `METHOD path`, with what it was answered. */
  readonly requests: readonly {
    readonly path: string;
    readonly status: number;
    readonly headers: IncomingMessage['headers'];
  }[];
  /** How often the bytes of a path were sent. */
  sent(path: string): number;
  close(): Promise<void>;
}

/** Starts it; by HTTPS when there is a certificate. */
export async function startImageServer(tls?: {
  readonly key: string;
  readonly cert: string;
}): Promise<ImageServer> {
  const answers = new Map<string, Answer>();
  const requests: ImageServer['requests'][number][] = [];
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? '';
    response.on('close', () =>
      requests.push({ path, status: response.statusCode, headers: request.headers }),
    );
    const answer = answers.get(path);
    if (answer !== undefined) return answer(request, response);
    response.writeHead(404).end('no such image');
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    answers,
    requests,
    sent: (path) => requests.filter((one) => one.path === path && one.status === 200).length,
    close: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** An image as a good server serves it: with its state, and not at all when that is known already. */
export function image(content: string, state: { etag?: string; lastModified?: string } = {}): Answer {
  return ({ headers }, response) => {
    const { etag, lastModified } = state;
    if (etag !== undefined) response.setHeader('etag', etag);
    if (lastModified !== undefined) response.setHeader('last-modified', lastModified);
    const isKnown =
      headers['if-none-match'] === undefined
        ? lastModified !== undefined && headers['if-modified-since'] === lastModified
        : headers['if-none-match'] === etag;
    if (isKnown) response.writeHead(304).end();
    else response.writeHead(200, { 'content-length': Buffer.byteLength(content) }).end(content);
  };
}

/** Sends whoever asks to another URL. */
export function redirect(location: string): Answer {
  return (_request, response) => response.writeHead(302, { location }).end();
}
