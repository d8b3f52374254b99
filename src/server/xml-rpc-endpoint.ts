import type { IncomingMessage, ServerResponse } from 'node:http';
import * as z from 'zod';
import { describeError } from '../errors.ts';
import { excerpt } from '../excerpt.ts';
import { labOf } from '../hub/lab-of.ts';
import type { Logger } from '../logger.ts';
import { decode } from '../xml-rpc/decode.ts';
import { encodeFault, encodeResponse } from '../xml-rpc/encode.ts';
import type { XmlRpcCall } from '../xml-rpc/message.ts';
import type { XmlRpcInput } from '../xml-rpc/value.ts';
import { type Accounts, authenticate } from './accounts.ts';
import { AccessDeniedError, BodyTooLargeError } from './errors.ts';
import { parseInput } from './explain.ts';
import { readBody } from './read-body.ts';
import type { SessionTokens } from './session-tokens.ts';
import type { Store } from './store.ts';
import { findMethod } from './xml-rpc-api.ts';

/** What the endpoint is made of. */
export interface XmlRpcEndpointOptions {
  readonly store: Store;
  readonly accounts: Accounts;
  readonly tokens: SessionTokens;
  readonly maxBodyBytes: number;
  readonly log: Logger;
}

/** The cookie that is a session, by Beaker's name for it. */
const COOKIE = 'beaker_auth_token';

/** Answers an XML-RPC call. What is wrong with HTTP is said in HTTP; what is wrong with the call is a fault, as in Beaker. */
export async function serveXmlRpc(
  request: IncomingMessage,
  response: ServerResponse,
  options: XmlRpcEndpointOptions,
): Promise<void> {
  const read = await readCall(request, options.maxBodyBytes);
  if ('refusal' in read) {
    if (read.status === 405) response.setHeader('allow', 'POST');
    response.writeHead(read.status, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`${read.refusal}\n`);
    return;
  }
  const { text, user } = answer(read.call, cookieOf(request), options);
  // Every answer carries a fresh token, so that a session lasts for as long as it is used.
  const cookie = user === undefined ? `${COOKIE}=; Max-Age=0` : `${COOKIE}=${options.tokens.issue(user)}`;
  response.writeHead(200, {
    'content-type': 'text/xml; charset=utf-8',
    'set-cookie': `${cookie}; Path=/; HttpOnly`,
  });
  response.end(text);
}

type ReadCall = { readonly call: XmlRpcCall } | { readonly status: number; readonly refusal: string };

async function readCall(request: IncomingMessage, maxBodyBytes: number): Promise<ReadCall> {
  try {
    const body = await readBody(request, maxBodyBytes);
    if (request.method !== 'POST')
      return { status: 405, refusal: 'expected POST: this is an XML-RPC endpoint' };
    const type = request.headers['content-type'] ?? 'none';
    if (!/^(text|application)\/xml\b/i.test(type)) {
      return { status: 415, refusal: `expected the content type text/xml, found ${excerpt(type, 100)}` };
    }
    const message = decode(body);
    if (message.kind === 'call') return { call: message };
    return { status: 400, refusal: `expected a methodCall, found a ${message.kind}` };
  } catch (error) {
    return { status: error instanceof BodyTooLargeError ? 413 : 400, refusal: describeError(error) };
  }
}

interface Answer {
  readonly text: string;
  /** Who is logged in after the call. */
  readonly user: string | undefined;
}

function answer(call: XmlRpcCall, cookie: string, options: XmlRpcEndpointOptions): Answer {
  let user = options.tokens.userOf(cookie);
  try {
    const given = run(call, user, options);
    user = given.user;
    return { text: encodeResponse(given.value), user };
  } catch (error) {
    const text = excerpt(describeError(error), 1000);
    options.log.debug('call refused', { method: excerpt(call.method), user, error: text });
    // Python's hub puts the type of its exception before the text; clients search the text.
    return { text: encodeFault(1, `<type 'exceptions.ValueError'>:${text}`), user };
  }
}

const credentials = z.tuple([z.string(), z.string()]).rest(z.null());

function run(
  { method, params }: XmlRpcCall,
  user: string | undefined,
  { store, accounts }: XmlRpcEndpointOptions,
): { value: XmlRpcInput; user: string | undefined } {
  if (method === 'auth.login_password') {
    const [name, password] = parseInput(credentials, params, method);
    authenticate(accounts, name, password);
    return { value: name, user: name };
  }
  if (method === 'auth.logout') return { value: true, user: undefined };
  const serve = findMethod(method);
  if (user === undefined) throw new AccessDeniedError('Anonymous access denied: log in first');
  return { value: serve(store, labOf(user), params), user };
}

function cookieOf(request: IncomingMessage): string {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  const found = pairs.find((pair) => pair.startsWith(`${COOKIE}=`)) ?? '';
  return found.slice(COOKIE.length + 1).replace(/^"|"$/g, '');
}
