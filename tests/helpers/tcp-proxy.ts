import { EventEmitter, once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/**
 * What a proxy does to every connection, live or new:
 * `pass` forwards; `reset` and `fin` end them (new ones right after they are accepted); `refuse` resets them and stops listening;
 * `black-hole` holds them open and forwards neither data nor FIN, until the fault changes; `delay` forwards late, in order;
 * `slice` forwards in writes of so many bytes; `cut` resets (or ends) a connection after it has passed on so many bytes of one direction.
 */
export type Fault =
  | 'pass'
  | 'reset'
  | 'fin'
  | 'refuse'
  | 'black-hole'
  | { readonly delayMs: number }
  | { readonly sliceBytes: number }
  | {
      readonly cutAfterBytes: number;
      readonly of: 'requests' | 'answers';
      /** `reset` unless given. */
      readonly by?: 'reset' | 'fin';
    };

export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** Connections accepted since the start. */
  readonly accepted: number;
  /** Connections open now. */
  readonly live: number;
  /** Applies `fault` from now on; resolves once new connections meet it. */
  set(fault: Fault): Promise<void>;
  close(): Promise<void>;
}

/** A TCP proxy on a loopback port of its own in front of `target`, for injecting faults. Starts with `pass`. */
export async function startTcpProxy(target: { port: number; host?: string }): Promise<TcpProxy> {
  const host = '127.0.0.1';
  const links = new Set<Link>();
  let accepted = 0;
  let fault: Fault = 'pass';

  const accept = (client: Socket): void => {
    accepted += 1;
    const upstream = connect({ host, allowHalfOpen: true, noDelay: true, ...target });
    const link = new Link(client, upstream);
    links.add(link);
    client.on('close', () => links.delete(link));
    link.set(fault);
  };
  let server: Server | undefined = await listen(accept, 0, host);
  const { port } = server.address() as AddressInfo;

  const set = async (next: Fault): Promise<void> => {
    fault = next;
    if (next === 'refuse') {
      server?.close();
      server = undefined;
    } else {
      server ??= await listen(accept, port, host);
    }
    for (const link of links) link.set(next);
  };
  return {
    host,
    port,
    set,
    get accepted() {
      return accepted;
    },
    get live() {
      return links.size;
    },
    close: () => set('refuse'),
  };
}

async function listen(accept: (client: Socket) => void, port: number, host: string): Promise<Server> {
  // Half-open, so that one side's FIN can be passed on, late or never.
  const server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

/** One client's connection and its counterpart to the target. */
class Link {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #changes = new EventEmitter();
  #fault: Fault = 'pass';
  #isEnded = false;
  #passed = { requests: 0, answers: 0 };

  constructor(client: Socket, upstream: Socket) {
    this.#client = client;
    this.#upstream = upstream;
    void this.#pump(client, upstream, 'requests');
    void this.#pump(upstream, client, 'answers');
  }

  set(fault: Fault): void {
    this.#fault = fault;
    this.#passed = { requests: 0, answers: 0 };
    if (fault === 'reset' || fault === 'refuse') this.#reset();
    if (fault === 'fin') this.#end();
    this.#changes.emit('change');
  }

  async #pump(from: Socket, to: Socket, direction: 'requests' | 'answers'): Promise<void> {
    // An error is seen by the loop when it next reads; without a listener it would end the process first.
    from.on('error', () => {});
    try {
      // Reading to the end must not close the other, still open half.
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        await this.#outOfTheHole();
        await this.#forward(chunk as Buffer, to, direction);
      }
      await this.#outOfTheHole();
      to.end();
    } catch {
      await this.#outOfTheHole();
      this.#reset();
    }
  }

  async #forward(chunk: Buffer, to: Socket, direction: 'requests' | 'answers'): Promise<void> {
    const fault = this.#fault;
    if (this.#isEnded) return; // This proxy's own half is closed already.
    if (typeof fault === 'string') return write(to, chunk);
    if ('delayMs' in fault) {
      await sleep(fault.delayMs);
      return write(to, chunk);
    }
    if ('sliceBytes' in fault) return writeSlices(to, chunk, fault.sliceBytes);
    const room =
      fault.of === direction ? Math.max(0, fault.cutAfterBytes - this.#passed[direction]) : Infinity;
    this.#passed[direction] += chunk.length;
    await write(to, chunk.subarray(0, room));
    if (chunk.length >= room) {
      // What was let through must arrive before the reset, which discards whatever is still unread.
      await sleep(20);
      if (fault.by === 'fin') this.#end();
      else this.#reset();
    }
  }

  async #outOfTheHole(): Promise<void> {
    while (this.#fault === 'black-hole') await once(this.#changes, 'change');
  }

  #end(): void {
    this.#isEnded = true;
    this.#client.end();
    this.#upstream.end();
  }

  #reset(): void {
    this.#client.resetAndDestroy();
    this.#upstream.resetAndDestroy();
  }
}

async function writeSlices(to: Socket, chunk: Buffer, sliceBytes: number): Promise<void> {
  for (let at = 0; at < chunk.length; at += sliceBytes) {
    await write(to, chunk.subarray(at, at + sliceBytes));
    await nextTurn();
  }
}

function write(to: Socket, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    to.write(chunk, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}
