import type { IncomingMessage, ServerResponse } from 'node:http';
import { describeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { type Accounts, labsOf } from './accounts.ts';
import type { ChangeListener } from './commands.ts';
import { type HttpListener, listenHttp } from './http-listener.ts';
import { sendJson, serveJson } from './json-endpoint.ts';
import { SessionTokens } from './session-tokens.ts';
import { openStore, type Store } from './store.ts';
import { readSystemsFile } from './systems-file.ts';
import { serveXmlRpc } from './xml-rpc-endpoint.ts';

export interface ServerOptions {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** Where `server.db` is kept; `:memory:` forgets everything at the end. */
  readonly stateDir: string;
  readonly accounts: Accounts;
  /** A JSON array of systems, taken over at the start. */
  readonly systemsFile?: string | undefined;
  /** Seconds after its last call when a session ends; 20 minutes unless given. */
  readonly sessionTtlS?: number | undefined;
  /** Largest body of a request; 16 MiB unless given. */
  readonly maxBodyBytes?: number | undefined;
  /** Is told of every change of a command. */
  readonly onChange?: ChangeListener | undefined;
  readonly log: Logger;
}

export interface RunningServer {
  readonly url: string;
  readonly store: Store;
  /** Ends waiting requests with what there is, then the connections, then the store. */
  stop(): Promise<void>;
}

/**
 * Starts a small hub: Beaker's XML-RPC API for lab controllers, and a JSON API to queue and follow commands.
 * @throws ConfigError when an option or the systems file is wrong, Error when the state or the address cannot be had.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { listen, stateDir, accounts, systemsFile, log } = options;
  const systems = systemsFile === undefined ? [] : readSystemsFile(systemsFile, labsOf(accounts));
  const store = openStore(stateDir);
  const stopping = new AbortController();
  let listener: HttpListener;
  try {
    store.systems.putAll(systems);
    store.commands.subscribe(guarded(options));
    listener = await listenHttp(listen, router(options, store, stopping.signal));
  } catch (error) {
    store.close();
    throw error;
  }
  log.info('server started', { url: listener.url, labs: labsOf(accounts), systems: systems.length });
  return {
    url: listener.url,
    store,
    stop: async () => {
      stopping.abort();
      await listener.stop();
      store.close();
      log.info('server stopped');
    },
  };
}

/** A change is stored and a fact by the time it is told; whoever cannot take it must not undo the caller's answer. */
function guarded({ onChange, log }: ServerOptions): ChangeListener {
  return (record) => {
    try {
      onChange?.(record);
    } catch (error) {
      log.error('change not passed on', { id: record.command.id, error: describeError(error) });
    }
  };
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

function router(options: ServerOptions, store: Store, stopping: AbortSignal): Serve {
  const { accounts, maxBodyBytes = 16 * 1024 * 1024, sessionTtlS = 20 * 60, log } = options;
  const shared = { store, accounts, maxBodyBytes, log };
  const tokens = new SessionTokens(sessionTtlS * 1000);
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(`http://server${request.url ?? '/'}`);
    if (/^\/(client|RPC2)\/?$/.test(url.pathname))
      await serveXmlRpc(request, response, { ...shared, tokens });
    else if (url.pathname === '/healthz') sendJson(response, { status: 200, body: { status: 'ok' } });
    else await serveJson(request, response, url, { ...shared, signal: endOf(response, stopping) });
  };
  return (request, response) => {
    // A connection that outlived its answer would hold up the stop.
    if (stopping.aborted) response.setHeader('connection', 'close');
    serve(request, response).catch((error: unknown) => {
      log.warn('request not answered', { error: describeError(error) });
      response.destroy();
    });
  };
}

/** Comes when the client has gone or the server stops. */
function endOf(response: ServerResponse, stopping: AbortSignal): AbortSignal {
  const over = new AbortController();
  const end = (): void => over.abort();
  response.once('close', end);
  stopping.addEventListener('abort', end, { once: true, signal: over.signal });
  if (stopping.aborted) end();
  return over.signal;
}
