import { BlockList, isIP } from 'node:net';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Which proxy a request for a URL goes through; undefined for none. */
export type ProxyChoice = (url: URL) => URL | undefined;

/**
 * The proxies that an environment names, as usual: `http_proxy` and `https_proxy`, each for its own protocol, with or without `http://`, and
 * `no_proxy`, a list of hosts that are reached without. Lower case goes before upper case, also when it is empty.
 *
 * An entry of `no_proxy` stands for the host of that name and for all below it, `*` for all hosts, `10.0.0.0/8` for hosts that the URL gives as
 * addresses of that network; a port behind it confines it to that port.
 * @throws Error, at the request, when a variable holds no URL of HTTP or HTTPS
 */
export function proxiesOf(environment: Environment): ProxyChoice {
  const exempt = read(environment, 'no_proxy')
    .toLowerCase()
    .split(/[\s,]+/)
    .filter(Boolean)
    .map(parseEntry);
  return (url) => {
    const variable = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
    const text = read(environment, variable);
    if (text === '' || exempt.some((entry) => covers(entry, url))) return undefined;
    return parseProxy(text, variable);
  };
}

/** A proxy for a log line: without user and password, and `none` when there is none. */
export function describeProxy(choose: ProxyChoice, url: URL): string {
  try {
    const proxy = choose(url);
    return proxy === undefined ? 'none' : `${proxy.protocol}//${proxy.host}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function read(environment: Environment, variable: string): string {
  return (environment[variable] ?? environment[variable.toUpperCase()] ?? '').trim();
}

function parseProxy(text: string, variable: string): URL {
  const url = /^\w+:\/\//.test(text) ? text : `http://${text}`;
  const proxy = URL.canParse(url) ? new URL(url) : undefined;
  if (proxy?.protocol === 'http:' || proxy?.protocol === 'https:') return proxy;
  throw new Error(`${variable}: expected the URL of an HTTP proxy, such as http://proxy.example.com:3128`);
}

interface Entry {
  readonly host: string;
  readonly port: string | undefined;
  /** The addresses that the entry stands for, when it is a network such as `10.0.0.0/8`. */
  readonly network: BlockList | undefined;
}

function parseEntry(text: string): Entry {
  const match = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>\d+))?$/.exec(text);
  // An IPv6 address may stand without brackets.
  const host = (match?.groups?.['host'] ?? text).replace(/^\*?\.|^\[|\]$|\.$/g, '');
  return { host: asInUrl(host), port: match?.groups?.['port'], network: networkOf(host) };
}

/** The host as URLs have it, where one address or name of many spellings has one. */
function asInUrl(host: string): string {
  const url = isIP(host) === 6 ? `http://[${host}]` : `http://${host}`;
  return URL.canParse(url) && !host.includes('/') ? bare(new URL(url).hostname) : host;
}

function networkOf(host: string): BlockList | undefined {
  const { address = '', bits = '' } = /^(?<address>[^/]+)\/(?<bits>\d+)$/.exec(host)?.groups ?? {};
  const family = familyOf(address);
  if (family === undefined || Number(bits) > (family === 'ipv6' ? 128 : 32)) return undefined;
  const network = new BlockList();
  network.addSubnet(address, Number(bits), family);
  return network;
}

function covers({ host, port, network }: Entry, { protocol, hostname, port: given }: URL): boolean {
  const effective = given === '' ? (protocol === 'https:' ? '443' : '80') : given;
  if (port !== undefined && port !== effective) return false;
  const name = bare(hostname);
  const family = familyOf(name);
  if (network !== undefined) return family !== undefined && network.check(name, family);
  return host === '*' || name === host || (family === undefined && name.endsWith(`.${host}`));
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$|\.$/g, '');
}

function familyOf(host: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(host);
  return version === 0 ? undefined : `ipv${version === 6 ? 6 : 4}`;
}
