export type Environment = Readonly<Record<string, string | undefined>>;

/** Which proxy a request for a URL goes through; undefined for none. */
export type ProxyChoice = (url: URL) => URL | undefined;

/**
 * The proxies that an environment names, as usual: `http_proxy` and `https_proxy`, each for its own protocol, with or without `http://`, and
 * `no_proxy`, a list of hosts that are reached without. Lower case goes before upper case, also when it is empty.
 *
 * An entry of `no_proxy` stands for the host of that name and for all below it, `*` for all hosts; a port behind it confines it to that port.
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
}

function parseEntry(text: string): Entry {
  const match = /^(?<host>\[[^\]]*\]|[^:]*)(?::(?<port>\d+))?$/.exec(text);
  // An IPv6 address may stand without brackets.
  const host = match?.groups?.['host'] ?? text;
  return { host: host.replace(/^\*?\.|^\[|\]$/g, ''), port: match?.groups?.['port'] };
}

function covers({ host, port }: Entry, { protocol, hostname, port: given }: URL): boolean {
  const effective = given === '' ? (protocol === 'https:' ? '443' : '80') : given;
  if (port !== undefined && port !== effective) return false;
  const name = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return host === '*' || name === host || name.endsWith(`.${host}`);
}
