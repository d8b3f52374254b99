import amqplib, { type ChannelModel } from 'amqplib';
import { describeError } from '../errors.ts';
import { excerpt } from '../excerpt.ts';
import { readAuthorities } from '../net/authorities.ts';
import type { LastGoodAddresses } from '../net/last-good-addresses.ts';
import type { Secret } from '../secret.ts';
import { withDeadline } from '../wait.ts';
import { BrokerRefusedError } from './errors.ts';

export interface ConnectOptions {
  /** `amqp:` or `amqps:`, with user, password and virtual host. */
  readonly url: Secret;
  /** File with the certificate authorities to trust instead of the system's, in PEM. */
  readonly caCert?: string | undefined;
  /** What the broker's management shows for this connection. */
  readonly connectionName: string;
  readonly heartbeatS: number;
  /** Bounds TCP, TLS and AMQP handshake together. */
  readonly timeoutMs: number;
  /** Where addresses come from; the name service alone unless given. */
  readonly addresses?: LastGoodAddresses;
}

export interface Connection {
  readonly model: ChannelModel;
  /** Closes the socket at once, whatever state it is in. */
  destroy(): void;
}

/**
 * Connects to a broker and logs in.
 * @throws BrokerRefusedError when the broker answers, but refuses the user, the password or the virtual host; ConfigError when `caCert` holds no
 *   certificate
 */
export async function connect(options: ConnectOptions, signal: AbortSignal): Promise<Connection> {
  // Node's sockets take a signal: with it the socket can be destroyed without reaching into the library.
  const socket = new AbortController();
  const destroy = (): void => socket.abort();
  signal.addEventListener('abort', destroy, { once: true });
  try {
    const model = await withDeadline(open(options, socket.signal), options.timeoutMs, () => late(options));
    options.addresses?.reached(hostOf(options.url));
    return { model, destroy };
  } catch (error) {
    destroy();
    throw refusal(error, options.url) ?? error;
  } finally {
    signal.removeEventListener('abort', destroy);
  }
}

/** Where a URL leads, without user and password. */
export function placeOf(url: Secret): string {
  const { protocol, host, pathname } = new URL(url.reveal());
  return `${protocol}//${host}${pathname}`;
}

function hostOf(url: Secret): string {
  return new URL(url.reveal()).hostname.replace(/^\[|\]$/g, '');
}

async function open(options: ConnectOptions, signal: AbortSignal): Promise<ChannelModel> {
  const { caCert } = options;
  const ca = caCert === undefined ? undefined : readAuthorities('AMQP_CA_CERT', caCert);
  signal.throwIfAborted();
  const url = new URL(options.url.reveal());
  if (!url.searchParams.has('heartbeat')) url.searchParams.set('heartbeat', String(options.heartbeatS));
  const socketOptions = {
    signal,
    noDelay: true,
    ...(options.addresses && { lookup: options.addresses.lookup }),
    ...(ca && { ca }),
    clientProperties: { connection_name: options.connectionName },
  };
  return amqplib.connect(url.href, socketOptions);
}

function late({ url, timeoutMs }: ConnectOptions): Error {
  return new Error(`${placeOf(url)}: expected an AMQP handshake within ${timeoutMs} ms, found none`);
}

// The library gives these two no code, only a text: a close during log-in (403), and one in place of "virtual host opened" (530).
function refusal(error: unknown, url: Secret): BrokerRefusedError | undefined {
  const text = excerpt(describeError(error));
  if (/ACCESS[-_]REFUSED/.test(text)) {
    return new BrokerRefusedError(
      `${placeOf(url)}: the broker refuses user or password; correct AMQP_URL (${text})`,
      {
        cause: error,
      },
    );
  }
  if (text.includes('ConnectionOpenOk; got <ConnectionClose')) {
    return new BrokerRefusedError(
      `${placeOf(url)}: the broker refuses the virtual host; correct AMQP_URL, or create the virtual host and permit the user`,
      { cause: error },
    );
  }
  return undefined;
}
