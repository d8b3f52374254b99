import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeError } from '../errors.ts';
import { labOf } from '../hub/lab-of.ts';
import type { Logger } from '../logger.ts';
import { type Accounts, authenticate } from './accounts.ts';
import {
  AccessDeniedError,
  BadRequestError,
  BodyTooLargeError,
  ConflictError,
  NotFoundError,
} from './errors.ts';
import { type ApiAnswer, JSON_ROUTES } from './json-api.ts';
import { readBody } from './read-body.ts';
import type { Store } from './store.ts';

/** What the endpoint is made of. */
export interface JsonEndpointOptions {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly maxBodyBytes: number;
  readonly log: Logger;
}

/** Answers a request to `/api/…`, whatever is wrong with it. */
export async function serveJson(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  options: JsonEndpointOptions & { readonly signal: AbortSignal },
): Promise<void> {
  try {
    const found = await answer(request, url, options);
    // The server stops: a connection that stays open would hold it up.
    if (options.signal.aborted && !response.destroyed) response.setHeader('connection', 'close');
    sendJson(response, found);
  } catch (error) {
    const status = statusOf(error);
    if (status === 500)
      options.log.error('request failed', { path: url.pathname, error: describeError(error) });
    if (status === 401) response.setHeader('www-authenticate', 'Basic realm="beaker-provision"');
    if (error instanceof MethodNotAllowedError) response.setHeader('allow', error.allowed.join(', '));
    sendJson(response, { status, body: { error: status === 500 ? 'internal error' : describeError(error) } });
  }
}

/** Sends `body` as JSON. */
export function sendJson(response: ServerResponse, { status, body }: ApiAnswer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(body)}\n`);
}

class MethodNotAllowedError extends Error {
  override readonly name = 'MethodNotAllowedError';
  readonly allowed: readonly string[];

  constructor(found: string, allowed: readonly string[]) {
    super(`expected ${allowed.join(' or ')} here, found ${found}`);
    this.allowed = allowed;
  }
}

async function answer(
  request: IncomingMessage,
  url: URL,
  { store, accounts, maxBodyBytes, signal }: JsonEndpointOptions & { readonly signal: AbortSignal },
): Promise<ApiAnswer> {
  // The body is read first in any case: a client that is still sending would miss a refusal.
  const text = await readBody(request, maxBodyBytes);
  const lab = labOf(logIn(accounts, request.headers.authorization));
  const { route, path } = routeOf(request.method ?? '', url.pathname);
  const body = text === '' ? undefined : parseJson(text);
  return route.handle({ store, lab, path, query: Object.fromEntries(url.searchParams), body, signal });
}

function logIn(accounts: Accounts, authorization = ''): string {
  const [scheme = '', encoded = ''] = authorization.split(' ', 2);
  if (scheme.toLowerCase() !== 'basic') {
    throw new AccessDeniedError('expected HTTP Basic authentication with an account of this server');
  }
  const credentials = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = credentials.indexOf(':');
  const user = credentials.slice(0, Math.max(0, colon));
  authenticate(accounts, user, credentials.slice(colon + 1));
  return user;
}

function routeOf(method: string, pathname: string) {
  const matching = JSON_ROUTES.flatMap((route) => {
    const match = route.path.exec(pathname);
    return match ? [{ route, path: match.groups ?? {} }] : [];
  });
  if (matching.length === 0) throw new NotFoundError(`there is nothing at ${pathname}`);
  const found = matching.find(({ route }) => route.method === method);
  if (!found)
    throw new MethodNotAllowedError(
      method,
      matching.map(({ route }) => route.method),
    );
  return found;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadRequestError('the body is not JSON', { cause: error });
  }
}

function statusOf(error: unknown): number {
  if (error instanceof BadRequestError) return 400;
  if (error instanceof AccessDeniedError) return 401;
  if (error instanceof NotFoundError) return 404;
  if (error instanceof MethodNotAllowedError) return 405;
  if (error instanceof ConflictError) return 409;
  return error instanceof BodyTooLargeError ? 413 : 500;
}
