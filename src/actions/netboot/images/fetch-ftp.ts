import { Writable } from 'node:stream';
import { Client, FTPError } from 'basic-ftp';
import type { LastGoodAddresses } from '../../../net/last-good-addresses.ts';
import { percentDecoded } from '../../../net/percent-decoded.ts';
import type { Fetch, Fetched } from './fetch.ts';
import { areSame, type Validators } from './validators.ts';

interface FtpFetch extends Fetch {
  readonly addresses: Pick<LastGoodAddresses, 'lookup' | 'reached'>;
}

/** Fetches by FTP, unless the file's time and size are those that are known already. */
export async function fetchFtp(url: URL, fetch: FtpFetch): Promise<Fetched> {
  const { watch, known } = fetch;
  const path = pathOf(url);
  const login = loginOf(url);
  // The watch sees to it that it ends.
  const client = new Client(0);
  const close = (): void => client.close();
  watch.signal.addEventListener('abort', close, { once: true });
  try {
    watch.signal.throwIfAborted();
    await connect(client, login, fetch);
    await client.sendIgnoringError('OPTS UTF8 ON');
    await client.login(login.user, login.password);
    await client.useDefaultSettings();
    watch.progress();
    const validators = await stateOf(client, path);
    watch.progress();
    if (known !== undefined && areSame(known, validators)) return 'unchanged';
    await fetch.save(async (file) => {
      file.expect(validators.size);
      const sink = new Writable({
        write: (chunk: Buffer, _encoding, done) => void file.append(chunk).then(() => done(), done),
      });
      await client.downloadTo(sink, path);
      file.checkComplete();
    });
    return validators;
  } catch (error) {
    // A closed client only says that it is closed.
    watch.signal.throwIfAborted();
    throw error;
  } finally {
    watch.signal.removeEventListener('abort', close);
    client.close();
  }
}

interface Login {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

/** As the client's own way, which would ask Node's look-up, and that as often at once as there are images to fetch. */
async function connect(client: Client, { host, port }: Login, { addresses }: FtpFetch): Promise<void> {
  client.ftp.reset();
  client.ftp.socket.connect({ host, port, lookup: addresses.lookup });
  await client.ftp.handle(undefined, (response, task) => {
    if (response instanceof Error) task.reject(response);
    else if (response.code >= 200 && response.code < 300) task.resolve(undefined);
    else task.reject(new FTPError(response));
  });
  addresses.reached(host);
}

function loginOf({ hostname, port, username, password }: URL): Login {
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? 21 : Number(port),
    user: username === '' ? 'anonymous' : decoded(username, 'a user'),
    password: username === '' ? 'anonymous@' : decoded(password, 'a password'),
  };
}

/** Relative to where the login leads, as RFC 1738 has it. */
function pathOf({ pathname }: URL): string {
  return decoded(pathname.slice(1), 'a path');
}

/** FTP ends a command at the end of the line: what follows would be another command. */
function decoded(part: string, what: string): string {
  const text = percentDecoded(part);
  if (/\p{Cc}/u.test(text)) throw new Error(`expected ${what} without control characters`);
  return text;
}

async function stateOf(client: Client, path: string): Promise<Validators> {
  const size = await unlessUnknown(() => client.size(path));
  const date = await unlessUnknown(() => client.lastMod(path));
  const isDate = date !== undefined && !Number.isNaN(date.getTime());
  return { etag: undefined, lastModified: isDate ? date.toISOString() : undefined, size };
}

/** Neither question is one that every server has to answer, or answers well. What is not there is found missing when it is fetched. */
async function unlessUnknown<T>(question: () => Promise<T>): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof FTPError && error.code >= 500) return undefined;
    throw error;
  }
}
