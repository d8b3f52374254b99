import type { SecureContext } from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import { describeError, errorCode } from '../errors.ts';
import { decodeStream } from '../xml-rpc/decode-stream.ts';
import type { XmlRpcAnswer } from '../xml-rpc/message.ts';
import { within } from './abortable.ts';
import { HubUnreachableError } from './hub-errors.ts';

export interface Deadlines {
  /** For the connection, TLS included. */
  readonly connectMs: number;
  /** From the request to the first byte of the answer, and between any two parts of it. */
  readonly firstByteMs: number;
  /** For everything together, waiting for a free connection included. */
  readonly totalMs: number;
}

export interface HttpTransportOptions {
  readonly endpoint: URL;
  readonly secureContext: SecureContext;
  readonly sslVerify: boolean;
  readonly deadlines: Deadlines;
  readonly maxResponseBytes: number;
  /** Takes secrets out of what the hub's answers add to error texts. */
  readonly mask: (text: string) => string;
}

export interface HubAnswer {
  readonly message: XmlRpcAnswer;
  readonly setCookie: string | readonly string[] | undefined;
}

export interface HttpTransport {
  /** Sends `body` once, never twice. @throws HubUnreachableError, or the reason of `signal` when that is aborted */
  post(
    body: string,
    options: { cookie: string | undefined; signal: AbortSignal | undefined },
  ): Promise<HubAnswer>;
  /** Ends all connections; calls still under way fail. */
  close(): Promise<void>;
}

// Enough for a burst of outcomes; a stock Beaker server has fewer processes than this to answer with.
const CONNECTIONS = 16;

/** XML-RPC over HTTP or HTTPS, on connections that are kept alive between calls. */
export function createHttpTransport(options: HttpTransportOptions): HttpTransport {
  const { endpoint, deadlines, sslVerify, secureContext } = options;
  const agent = new Agent({
    connections: CONNECTIONS,
    connect: { timeout: deadlines.connectMs, secureContext, rejectUnauthorized: sslVerify },
    headersTimeout: deadlines.firstByteMs,
    bodyTimeout: deadlines.firstByteMs,
  });

  return {
    post: async (body, { cookie, signal }) => {
      let sent = false;
      const dispatcher = agent.compose(noticeStart(() => (sent = true)));
      const late = (): Error => new Error(`no complete answer within ${deadlines.totalMs} ms`);
      try {
        return await within({ ms: deadlines.totalMs, signal, late }, async (either) => {
          const response = await dispatcher.request({
            origin: endpoint.origin,
            path: endpoint.pathname,
            method: 'POST',
            headers: { 'content-type': 'text/xml', ...(cookie !== undefined && { cookie }) },
            body,
            signal: either,
          });
          return await readAnswer(response, options);
        });
      } catch (error) {
        signal?.throwIfAborted();
        throw unreachable(error, sent, options);
      }
    },
    close: () => agent.destroy(),
  };
}

/** Calls `onStart` when a request is given to a connection. Before that, the hub cannot have seen any of it. */
function noticeStart(onStart: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (request, handler) =>
    dispatch(request, {
      onRequestStart: (controller, context) => {
        handler.onRequestStart?.(controller, context);
        if (!controller.aborted) onStart();
      },
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
}

async function readAnswer(
  { statusCode, headers, body }: Dispatcher.ResponseData,
  { maxResponseBytes, mask }: HttpTransportOptions,
): Promise<HubAnswer> {
  const type = String(headers['content-type'] ?? 'no content type');
  if (statusCode !== 200 || !/^(?:text|application)\/xml\b/i.test(type)) {
    const start = excerpt(mask(await readStart(body)));
    throw new Error(`expected status 200 and text/xml, found ${statusCode} and ${type}: ${start}`);
  }
  const message = await decodeStream(body, { maxBytes: maxResponseBytes });
  if (message.kind === 'call') throw new Error('expected an answer, found a call');
  return { message, setCookie: headers['set-cookie'] };
}

async function readStart(body: AsyncIterable<Uint8Array>): Promise<string> {
  let start = '';
  for await (const chunk of body) {
    start += Buffer.from(chunk).toString();
    if (start.length > 8192) break;
  }
  return start;
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

function unreachable(
  error: unknown,
  sent: boolean,
  { endpoint, deadlines, mask }: HttpTransportOptions,
): HubUnreachableError {
  const why = explain(error, deadlines);
  const masked = mask(why);
  return new HubUnreachableError(`no usable answer from the hub at ${endpoint.href}: ${masked}`, {
    mayHaveActed: sent,
    // A cause is printed with the error, so it must not say what was masked.
    ...(masked === why && { cause: error }),
  });
}

function explain(error: unknown, { firstByteMs, connectMs }: Deadlines): string {
  const timeouts: Readonly<Record<string, string>> = {
    UND_ERR_CONNECT_TIMEOUT: `no connection within ${connectMs} ms`,
    UND_ERR_HEADERS_TIMEOUT: `no first byte within ${firstByteMs} ms`,
    UND_ERR_BODY_TIMEOUT: `the answer stopped half-way for ${firstByteMs} ms`,
  };
  return timeouts[errorCode(error) ?? ''] ?? describeError(error);
}
