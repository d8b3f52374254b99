import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Answers a request, whose text it is given, byte by byte as it likes. */
export type RawAnswer = (socket: Socket, request: string) => void;

export interface RawHttpPeer {
  readonly port: number;
  /** The texts of the requests that arrived as a whole. */
  readonly requests: readonly string[];
  /** The connections of clients that are open. */
  readonly sockets: ReadonlySet<Socket>;
  close(): Promise<void>;
}

/** A web server that knows nothing of HTTP but where a request ends: what it says is up to the test. */
export async function startRawHttpPeer(answer: RawAnswer): Promise<RawHttpPeer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.on('end', () => socket.end());
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (!isWhole(text)) return;
      requests.push(text);
      text = '';
      answer(socket, requests.at(-1) ?? '');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    requests,
    sockets,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
  return end !== -1 && text.length >= end + 4 + length;
}
