import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Command, encodeCommand } from '../../src/command.ts';
import { decode } from '../../src/xml-rpc/decode.ts';
import { encodeFault, encodeResponse } from '../../src/xml-rpc/encode.ts';
import type { XmlRpcInput } from '../../src/xml-rpc/value.ts';
import { ACCOUNT } from './account.ts';
import type { AtEnd } from './with-cleanup.ts';

/** How the relay's look at the hub went. */
export interface Look {
  /** When the hub was asked for what is queued, on the clock of `performance.now()`. */
  readonly askedAt: number;
  /** From that question until the next, for what runs: everything that was listed has been read by then. */
  readMs: number;
  readonly listed: number;
  readonly bytes: number;
}

/**
 * The part of a stock Beaker server that a relay sees, kept in memory and answering at once: what is slow in a bench is not this. Whoever
 * is in this process claims and ends commands by plain calls.
 */
export interface StockHub {
  readonly url: string;
  readonly looks: readonly Look[];
  readonly queue: (commands: readonly Command[]) => void;
  /** Tells whether the command was queued still. */
  readonly claim: (id: number) => boolean;
  readonly end: (id: number) => void;
  /** How many commands have not ended. */
  readonly unfinished: () => number;
}

export interface StockHubOptions {
  /**
   * Beaker's `max_running_commands`: so many commands may run, and no more are listed than could be begun; Infinity for a server that has
   * none.
   */
  readonly maxRunning: number;
}

/** Starts the hub on a free port of loopback; it lets everybody in. */
export async function startStockHub({ maxRunning }: StockHubOptions, atEnd: AtEnd): Promise<StockHub> {
  /** By id, which is the order in which they were added; each as it stands in a list. */
  const queued = new Map<number, string>();
  const running = new Set<number>();
  const looks: Look[] = [];
  const answers: Readonly<Record<string, () => string>> = {
    'auth.login_password': () => encodeResponse(ACCOUNT.user),
    'labcontrollers.get_queued_command_details': () => {
      const free = Math.max(0, maxRunning - running.size);
      const listed = [...queued.values()].slice(0, free);
      const text = BEFORE + LIST_BEFORE + listed.join('') + LIST_AFTER + AFTER;
      looks.push({ askedAt: performance.now(), readMs: NaN, listed: listed.length, bytes: text.length });
      return text;
    },
    'labcontrollers.get_running_command_ids': () => {
      const look = looks.at(-1);
      if (look !== undefined) look.readMs = performance.now() - look.askedAt;
      return encodeResponse([...running]);
    },
  };
  const url = await serve(answers, atEnd);
  return {
    url,
    looks,
    queue: (commands) => commands.forEach((command) => queued.set(command.id, listedText(command))),
    claim: (id) => queued.delete(id) && running.add(id).has(id),
    end: (id) => running.delete(id),
    unfinished: () => queued.size + running.size,
  };
}

async function serve(answers: Readonly<Record<string, () => string>>, atEnd: AtEnd): Promise<string> {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const message = decode(await buffer(request));
    const method = message.kind === 'call' ? message.method : message.kind;
    const text = answers[method]?.() ?? encodeFault(1, `method "${method}" is not supported`);
    response.writeHead(200, { 'content-type': 'text/xml' }).end(text);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${portOf(server)}`;
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('expected the hub to have a port');
  return address.port;
}

// A list is put together from texts that were encoded once: encoding 100,000 commands at each look would stop this process for a second.
const [BEFORE = '', AFTER = ''] = encodeResponse(null).split('<value><nil/></value>');
const [LIST_BEFORE = '', LIST_AFTER = ''] = textOf([null]).split('<value><nil/></value>');

function listedText(command: Command): string {
  return textOf({ ...encodeCommand(command) });
}

function textOf(value: XmlRpcInput): string {
  return encodeResponse(value).slice(BEFORE.length, -AFTER.length);
}
