import type { IncomingMessage } from 'node:http';
import PQueue from 'p-queue';
import { describeError } from '../errors.ts';
import { excerpt } from '../excerpt.ts';
import { bodyOf } from '../net/body-of.ts';
import { HttpClient } from '../net/http-client.ts';
import type { LastGoodAddresses } from '../net/last-good-addresses.ts';
import type { ProxyChoice } from '../net/proxies.ts';
import type { Trust } from '../net/tunnel-agent.ts';
import { decodeStream } from '../xml-rpc/decode-stream.ts';
import type { XmlRpcAnswer } from '../xml-rpc/message.ts';
import { within } from './abortable.ts';
import { HubUnreachableError } from './hub-errors.ts';

export interface Deadlines {
  /** For the connection: name, proxy and TLS included. */
  readonly connectMs: number;
  /** From the request to the first byte of the answer, and between any two parts of it. */
  readonly firstByteMs: number;
  /** For everything together, waiting for a free connection included. */
  readonly totalMs: number;
}

export interface HttpTransportOptions {
  readonly endpoint: URL;
  readonly trust: Trust;
  readonly proxyFor: ProxyChoice;
  readonly addresses?: LastGoodAddresses | undefined;
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
  const { deadlines, trust, proxyFor, addresses } = options;
  const client = new HttpClient({ connectMs: deadlines.connectMs, trust, proxyFor, addresses });
  const calls = new PQueue({ concurrency: CONNECTIONS });

  return {
    post: async (body, { cookie, signal }) => {
      const exchange = { body, cookie, isSent: false };
      const late = (): Error => new Error(`no complete answer within ${deadlines.totalMs} ms`);
      try {
        return await within({ ms: deadlines.totalMs, signal, late }, (either) =>
          calls.add(() => call(client, exchange, options, either)),
        );
      } catch (error) {
        signal?.throwIfAborted();
        throw unreachable(error, exchange.isSent, options);
      }
    },
    close: async () => client.close(),
  };
}

interface Exchange {
  readonly body: string;
  readonly cookie: string | undefined;
  /** Whether the hub may have got it. */
  isSent: boolean;
}

async function call(
  client: HttpClient,
  exchange: Exchange,
  options: HttpTransportOptions,
  signal: AbortSignal,
): Promise<HubAnswer> {
  signal.throwIfAborted();
  const { cookie, body } = exchange;
  const { endpoint, deadlines } = options;
  const answer = await client.request(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'text/xml',
      'accept-encoding': 'identity',
      ...(cookie !== undefined && { cookie }),
    },
    body,
    firstByteMs: deadlines.firstByteMs,
    signal,
    onSent: (isSent) => (exchange.isSent = isSent),
  });
  return readAnswer(answer, options);
}

async function readAnswer(
  answer: IncomingMessage,
  { maxResponseBytes, mask, deadlines }: HttpTransportOptions,
): Promise<HubAnswer> {
  const { statusCode, headers } = answer;
  const body = withoutPauses(answer, deadlines.firstByteMs);
  const type = headers['content-type'] ?? 'no content type';
  if (statusCode !== 200 || !/^(?:text|application)\/xml\b/i.test(type)) {
    const start = excerpt(mask(await readStart(body)), 201);
    throw new Error(
      `expected status 200 and text/xml, found ${statusCode} and ${excerpt(type, 100)}: ${start}`,
    );
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    answer.destroy();
    throw new Error(`expected an answer that is not compressed, found ${excerpt(encoding, 100)}`);
  }
  const message = await decodeStream(body, { maxBytes: maxResponseBytes, keepsDamage: true });
  if (message.kind === 'call') throw new Error('expected an answer, found a call');
  return { message, setCookie: headers['set-cookie'] };
}

/** The parts of the answer; it ends with an error when the next one takes too long. */
async function* withoutPauses(answer: IncomingMessage, pauseMs: number): AsyncGenerator<Buffer> {
  const late = (): Error => new Error(`the answer stopped half-way for ${pauseMs} ms`);
  const timer = setTimeout(() => answer.destroy(late()), pauseMs);
  try {
    for await (const part of bodyOf(answer)) {
      yield part;
      // What it took to read the part is not the hub's pause.
      timer.refresh();
    }
  } finally {
    clearTimeout(timer);
  }
}

async function readStart(body: AsyncIterable<Buffer>): Promise<string> {
  let start = '';
  for await (const part of body) {
    start += part.toString();
    if (start.length > 8192) break;
  }
  return start;
}

function unreachable(
  error: unknown,
  isSent: boolean,
  { endpoint, mask }: HttpTransportOptions,
): HubUnreachableError {
  const why = describeError(error);
  const masked = mask(why);
  return new HubUnreachableError(
    `no usable answer from the hub at ${endpoint.href}: ${excerpt(masked, 1000)}`,
    {
      mayHaveActed: isSent,
      // A cause is printed with the error, so it must not say what was masked.
      ...(masked === why && { cause: error }),
    },
  );
}
