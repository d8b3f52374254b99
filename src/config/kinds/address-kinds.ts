import { isIPv6 } from 'node:net';
import * as z from 'zod';
import { hostName } from '../../command.ts';
import { Secret } from '../../secret.ts';
import type { ListenAddress } from '../config.ts';
import type { Kind } from './kind.ts';
import { redactUrl } from './redact-url.ts';

/** The URL of a web server, to which paths can be appended: it has no slash at its end. */
export const httpUrl: Kind<string> = {
  type: 'URL',
  expected: 'an http:// or https:// URL without user name, query and fragment',
  schema: z
    .string()
    .refine(isBaseUrl)
    .transform((url) => url.replace(/\/+$/, '')),
  isSecret: false,
  show: redactUrl,
};

/** One or several URLs of brokers, as a list or as text with commas; they hold passwords. */
export const amqpUrls: Kind<readonly Secret[]> = {
  type: 'URLs',
  expected: 'one or several amqp:// or amqps:// URLs, separated by commas',
  schema: z.preprocess(
    splitAtCommas,
    z.array(
      z
        .string()
        .refine(isAmqpUrl)
        .transform((url) => new Secret(url)),
    ),
  ),
  isSecret: true,
  show: (urls) => urls.map((url) => redactUrl(url.reveal())).join(', '),
};

/** A host and a port to listen on. */
export const listenAddress: Kind<ListenAddress> = {
  type: 'host:port',
  expected: 'an address to listen on like `127.0.0.1:8000` or `[::1]:8000`',
  schema: z.string().transform((raw, context) => {
    const address = parseListenAddress(raw.trim());
    if (address !== undefined) return address;
    context.addIssue('not an address');
    return z.NEVER;
  }),
  isSecret: false,
  show: formatListenAddress,
};

/** `host:port`, with the brackets that IPv6 needs. */
export function formatListenAddress({ host, port }: ListenAddress): string {
  return isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}

function isBaseUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password, search, hash } = new URL(url);
  return ['http:', 'https:'].includes(protocol) && username + password + search + hash === '';
}

function isAmqpUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return ['amqp:', 'amqps:'].includes(protocol) && hostname !== '';
}

function splitAtCommas(raw: unknown): unknown {
  return typeof raw === 'string' ? raw.split(',').map((url) => url.trim()) : raw;
}

function parseListenAddress(raw: string): ListenAddress | undefined {
  const { bracketed, name, digits } =
    /^(?:\[(?<bracketed>[^\]]+)\]|(?<name>[^:]+)):(?<digits>\d{1,5})$/.exec(raw)?.groups ?? {};
  const port = Number(digits ?? NaN);
  if (!(port <= 65_535)) return undefined;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port } : undefined;
  const host = hostName.safeParse(name).data;
  return host === undefined ? undefined : { host, port };
}
