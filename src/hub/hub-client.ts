import * as z from 'zod';
import type { Action } from '../command.ts';
import { ConfigError } from '../errors.ts';
import { excerpt } from '../excerpt.ts';
import type { Logger } from '../logger.ts';
import type { LastGoodAddresses } from '../net/last-good-addresses.ts';
import type { ProxyChoice } from '../net/proxies.ts';
import type { XmlRpcInput, XmlRpcValue } from '../xml-rpc/value.ts';
import { createHttpTransport, type Deadlines } from './http-transport.ts';
import { HubFaultError, HubTroubleError, HubUnreachableError } from './hub-errors.ts';
import { maskLogin, type Login } from './login.ts';
import { Session } from './session.ts';
import { tlsContext } from './tls-context.ts';

/**
 * The hub's calls for a lab controller. Each is sent once; sent again only after a login, when the hub had refused it unread.
 * All throw HubUnreachableError, HubLoginError or HubFaultError.
 */
export interface HubClient {
  /** The lab's queued commands, by id and undecoded, so that one bad command spoils no other. */
  queuedCommands(signal?: AbortSignal): Promise<readonly unknown[]>;
  /** Ids of the lab's commands that somebody has claimed and not yet reported. */
  runningIds(signal?: AbortSignal): Promise<readonly number[]>;
  /** Claims a queued command. @throws CommandAlreadyRunError when it is not queued any more */
  markRunning(id: number): Promise<void>;
  /** @throws CommandNotRunningError */
  markCompleted(id: number): Promise<void>;
  /** @throws CommandNotRunningError */
  markFailed(id: number, message: string, systemBroken: boolean): Promise<void>;
  /** @throws CommandNotRunningError */
  markAborted(id: number, message: string): Promise<void>;
  /**
   * A name of the hub's database, which a hub that was set up anew does not share; undefined for a hub that has none to give, as a Beaker
   * server.
   */
  installation(): Promise<string | undefined>;
  /** Records an action that the lab did without being asked by a command. */
  addCompletedCommand(fqdn: string, action: Action): Promise<void>;
  /** Ends all connections; calls still under way fail. */
  close(): Promise<void>;
}

export interface HubClientOptions {
  /** HUB_URL; the API is `/client/` below it. */
  readonly url: string;
  readonly login: Login;
  /** File of PEM certificates to trust in place of the well-known ones. */
  readonly caCert?: string | undefined;
  /** Whether the hub's certificate is checked; true unless given. */
  readonly sslVerify?: boolean | undefined;
  /** The proxy to go through, if any; none unless given. */
  readonly proxyFor?: ProxyChoice | undefined;
  /** Where addresses come from; the name service, or the last that worked, unless given. */
  readonly addresses?: LastGoodAddresses | undefined;
  readonly deadlines?: Partial<Deadlines> | undefined;
  /** Size of an answer, 256 MiB unless given; a list of 100,000 commands, which a server that caps nothing may give, has 80 to 125. */
  readonly maxResponseBytes?: number | undefined;
  /** How long no login is tried after one was refused; a minute unless given. */
  readonly loginRetryMs?: number | undefined;
  readonly log?: Logger | undefined;
}

const DEADLINES: Deadlines = { connectMs: 10_000, firstByteMs: 60_000, totalMs: 120_000 };

/** A client of the hub at `url`; connects and logs in with the first call. @throws ConfigError when an option cannot work */
export function createHubClient(options: HubClientOptions): HubClient {
  const { url, login, caCert, sslVerify = true, loginRetryMs = 60_000, log } = options;
  const transport = createHttpTransport({
    endpoint: endpointOf(url),
    trust: { secureContext: tlsContext(caCert), rejectUnauthorized: sslVerify },
    proxyFor: options.proxyFor ?? (() => undefined),
    addresses: options.addresses,
    deadlines: { ...DEADLINES, ...options.deadlines },
    maxResponseBytes: options.maxResponseBytes ?? 256 * 1024 * 1024,
    mask: (text) => maskLogin(login, text),
  });
  const session = new Session({ transport, login, loginRetryMs, log });
  const call = (
    method: string,
    params: readonly XmlRpcInput[] = [],
    signal?: AbortSignal,
  ): Promise<XmlRpcValue> => session.call(`labcontrollers.${method}`, params, signal);
  const tell = async (method: string, ...params: readonly XmlRpcInput[]): Promise<void> => {
    await call(method, params);
  };

  return {
    queuedCommands: async (signal) =>
      read(commandList, 'get_queued_command_details', await call('get_queued_command_details', [], signal)),
    runningIds: async (signal) =>
      read(idList, 'get_running_command_ids', await call('get_running_command_ids', [], signal)),
    markRunning: (id) => tell('mark_command_running', id),
    markCompleted: (id) => tell('mark_command_completed', id),
    markFailed: (id, message, systemBroken) => tell('mark_command_failed', id, message, systemBroken),
    markAborted: (id, message) => tell('mark_command_aborted', id, message),
    installation: async () => {
      try {
        return read(name, 'get_installation', await call('get_installation'));
      } catch (error) {
        // Any other fault says the same: this hub does not tell.
        if (error instanceof HubFaultError && !(error instanceof HubTroubleError)) return undefined;
        throw error;
      }
    },
    addCompletedCommand: (fqdn, action) => tell('add_completed_command', fqdn, action),
    close: () => transport.close(),
  };
}

const commandList = z.array(z.unknown());
const idList = z.array(z.int());
const name = z.string().min(1).max(100);

function endpointOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  if (base?.protocol !== 'http:' && base?.protocol !== 'https:') {
    throw new ConfigError([`HUB_URL: expected an http or https URL, found ${JSON.stringify(url)}.`]);
  }
  return new URL(`${base.pathname.replace(/\/+$/, '')}/client/`, base.origin);
}

function read<T>(schema: z.ZodType<T>, method: string, value: XmlRpcValue): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const found = excerpt(z.prettifyError(parsed.error));
  throw new HubUnreachableError(`unexpected answer to ${method}: ${found}`, { mayHaveActed: true });
}
