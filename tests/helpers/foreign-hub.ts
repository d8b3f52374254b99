import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import xmlrpc from 'xmlrpc';
import type { HistoryEvent } from './history-checker.ts';
import { HubCommands, type ListedCommand, type OutcomeFate } from './hub-commands.ts';

/** A hub of another make, as a Beaker server behaves: `beaker-facts.md` says how. */
export interface ForeignHub {
  readonly port: number;
  readonly url: string;
  /** The account of the lab. */
  readonly account: { readonly user: string; readonly password: string };
  /** Every change of a command, in order. */
  readonly history: readonly HistoryEvent[];
  /** The methods that were called, in order. */
  readonly calls: readonly string[];
  queue(...commands: readonly ListedCommand[]): void;
  /** Makes commands look as if somebody had claimed them. */
  claimForSomebody(...ids: readonly number[]): void;
  /** What became of a command last. */
  latest(id: number): HistoryEvent | undefined;
  /** Whether every command has ended. */
  allEnded(): boolean;
  /** Forgets all sessions. */
  expireSessions(): void;
  /** Whether a connection may serve several calls, as from the start, or each is closed after one answer. */
  keepConnections(keeps: boolean): void;
  /** Whether every outcome is refused. */
  refuseOutcomes(refuses: boolean): void;
  /** Refuses all outcomes of this command but `aborted`; or all, since its system has `moved` to another lab. */
  decide(id: number, fate: OutcomeFate): void;
  close(): Promise<void>;
}

export const FOREIGN_ACCOUNT = { user: 'host/lab.example.com', password: 'l4b-pass' } as const;

export interface ForeignHubOptions {
  /** Whether each call needs a connection of its own, as with `KeepAlive off` in Apache. */
  readonly closesConnections?: boolean;
}

/** Starts the hub on a free port of loopback, with the npm package `xmlrpc` for its language. */
export async function startForeignHub({
  closesConnections = false,
}: ForeignHubOptions = {}): Promise<ForeignHub> {
  const commands = new HubCommands();
  const sessions = new Sessions();
  const calls: string[] = [];
  const server = xmlrpc.createServer({ host: '127.0.0.1', port: 0 });
  for (const [method, answer] of Object.entries(methodsOf(commands, sessions))) {
    server.on(method, (_error: unknown, params: unknown[], done) => {
      calls.push(method);
      try {
        done(null, answer(params));
      } catch (error) {
        done({ faultCode: 1, faultString: error instanceof Error ? error.message : String(error) }, null);
      }
    });
  }
  const { httpServer } = server as unknown as { httpServer: Server };
  sessions.guard(httpServer);
  if (closesConnections) httpServer.maxRequestsPerSocket = 1;
  await once(httpServer, 'listening');
  const { port } = httpServer.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    account: FOREIGN_ACCOUNT,
    history: commands.history,
    calls,
    queue: (...added) => added.forEach((command) => commands.add(command)),
    claimForSomebody: (...ids) => ids.forEach((id) => commands.step(id, { from: 'Queued', to: 'Running' })),
    latest: (id) => commands.history.findLast((event) => event.id === id),
    allEnded: () => commands.ids('Queued').length + commands.ids('Running').length === 0,
    expireSessions: () => sessions.expire(),
    keepConnections: (keeps) => (sessions.areConnectionsKept = keeps),
    refuseOutcomes: (refuses) => (commands.isInTrouble = refuses),
    decide: (id, fate) => commands.decide(id, fate),
    close: async () => {
      httpServer.close();
      httpServer.closeAllConnections();
      await once(httpServer, 'close');
    },
  };
}

type Method = (params: readonly unknown[]) => unknown;

function methodsOf(commands: HubCommands, sessions: Sessions): Record<string, Method> {
  const end = (id: unknown, to: 'Completed' | 'Failed' | 'Aborted', more: object = {}): true =>
    commands.end(Number(id), to, more);
  const forMembers: Record<string, Method> = {
    get_queued_command_details: () => commands.queued(),
    get_running_command_ids: () => commands.ids('Running'),
    mark_command_running: ([id]) => commands.step(Number(id), { from: 'Queued', to: 'Running' }),
    mark_command_completed: ([id]) => end(id, 'Completed'),
    mark_command_failed: ([id, message, systemBroken]) =>
      end(id, 'Failed', { message: String(message), systemBroken: Boolean(systemBroken) }),
    mark_command_aborted: ([id, message]) => end(id, 'Aborted', { message: String(message) }),
    clear_running_commands: ([message]) => {
      for (const id of commands.ids('Running')) end(id, 'Aborted', { message: String(message) });
      return true;
    },
    add_completed_command: () => true,
  };
  const guarded = Object.entries(forMembers).map(([name, answer]): [string, Method] => [
    `labcontrollers.${name}`,
    (params) => {
      sessions.demand(name);
      return answer(params);
    },
  ]);
  return {
    'auth.login_password': ([user, password]) => sessions.logIn(user, password),
    ...Object.fromEntries(guarded),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const COOKIE = 'beaker_auth_token';
const SESSION_S = 21_600;

/** Cookie sessions around a server that knows nothing of them: each answer to a member renews the cookie. */
class Sessions {
  readonly #exchange = new AsyncLocalStorage<Exchange>();
  #secret = randomUUID();
  areConnectionsKept = true;

  /** Lets every request of `server` know its own exchange. */
  guard(server: Server): void {
    const [answer] = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) => {
      if (!this.areConnectionsKept) response.setHeader('connection', 'close');
      // Read here, since events of a socket would not carry the storage.
      void request.toArray().then((chunks: Buffer[]) => {
        const body = Readable.from([Buffer.concat(chunks)], { objectMode: false });
        this.#exchange.run({ request, response }, () => answer?.(body as IncomingMessage, response));
      }, ignore);
    });
  }

  logIn(user: unknown, password: unknown): string {
    if (user !== FOREIGN_ACCOUNT.user || password !== FOREIGN_ACCOUNT.password) {
      throw new Error(
        "<class 'turbogears.identity.exceptions.IdentityFailure'>:Invalid username or password",
      );
    }
    this.#renew();
    return FOREIGN_ACCOUNT.user;
  }

  demand(method: string): void {
    const cookie = this.#exchange.getStore()?.request.headers.cookie ?? '';
    if (!cookie.includes(`${COOKIE}=${this.#secret}`)) {
      throw new Error(`<class 'bkr.server.identity.IdentityException'>:Anonymous access denied: ${method}`);
    }
    this.#renew();
  }

  expire(): void {
    this.#secret = randomUUID();
  }

  #renew(): void {
    const expires = new Date(Date.now() + SESSION_S * 1000).toUTCString();
    const value = `${COOKIE}=${this.#secret}.${randomUUID()}; Path=/; Max-Age=${SESSION_S}; Expires=${expires}`;
    this.#exchange.getStore()?.response.setHeader('set-cookie', value);
  }
}

function ignore(): void {
  // The client went away in the middle of its request.
}
