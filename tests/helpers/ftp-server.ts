import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What goes wrong with the next transfers. */
export type FtpTrouble =
  'none' | 'stall' | 'stall-data' | 'truncate' | 'no-such-file' | 'knows-no-size' | 'refuses-login';

/** A file server by FTP, on a port of its own of loopback. */
export interface FtpServer {
  readonly url: string;
  /** Files by their paths, with when they were last changed (`YYYYMMDDHHMMSS`). */
  readonly files: Map<string, { readonly content: string; readonly changed: string }>;
  trouble: FtpTrouble;
  /** The commands that it got. */
  readonly heard: string[];
  close(): Promise<void>;
}

/** Starts an FTP server that does what is needed for fetching files. */
export async function startFtpServer(): Promise<FtpServer> {
  const sockets = new Set<Socket>();
  const control = createServer((socket) => serve(socket));
  const { port } = await listen(control);
  const server: FtpServer = {
    url: `ftp://127.0.0.1:${port}`,
    files: new Map(),
    trouble: 'none',
    heard: [],
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => control.close(done));
    },
  };

  function serve(socket: Socket): void {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    const session = { data: undefined as Promise<Socket> | undefined };
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    say('220 ready');
    let buffered = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      const lines = (buffered + text).split('\r\n');
      buffered = lines.pop() ?? '';
      for (const line of lines) void answer(line, session, say);
    });
  }

  async function answer(
    line: string,
    session: { data: Promise<Socket> | undefined },
    say: (line: string) => void,
  ): Promise<void> {
    server.heard.push(line);
    const [verb = '', ...rest] = line.split(' ');
    const path = rest.join(' ');
    const file = server.trouble === 'no-such-file' ? undefined : server.files.get(path);
    switch (verb.toUpperCase()) {
      case 'USER': {
        say(server.trouble === 'refuses-login' ? '530 who are you' : '331 password, please');
        return;
      }
      case 'PASS': {
        say('230 logged in');
        return;
      }
      case 'TYPE':
      case 'OPTS': {
        say('200 fine');
        return;
      }
      case 'EPSV': {
        const passive = createServer();
        const { port: dataPort } = await listen(passive);
        // As behind a firewall: the connection is taken, and nothing is said of it.
        if (server.trouble === 'stall-data') return;
        session.data = once(passive, 'connection').then(([data]) => {
          passive.close();
          return data as Socket;
        });
        say(`229 entering extended passive mode (|||${dataPort}|)`);
        return;
      }
      case 'SIZE':
        if (server.trouble === 'knows-no-size') {
          say('502 not implemented');
          return;
        }
        {
          say(file === undefined ? '550 no such file' : `213 ${Buffer.byteLength(file.content)}`);
          return;
        }
      case 'MDTM':
        if (server.trouble === 'knows-no-size') {
          say('502 not implemented');
          return;
        }
        {
          say(file === undefined ? '550 no such file' : `213 ${file.changed}`);
          return;
        }
      case 'RETR':
        return send(file?.content, session.data, say);
      case 'QUIT': {
        say('221 bye');
        return;
      }
      default: {
        say('502 not implemented');
        return;
      }
    }
  }

  async function send(
    content: string | undefined,
    connecting: Promise<Socket> | undefined,
    say: (line: string) => void,
  ): Promise<void> {
    if (content === undefined || connecting === undefined) {
      say('550 no such file');
      return;
    }
    say('150 here it comes');
    const data = await connecting;
    sockets.add(data);
    data.on('error', () => undefined);
    const half = content.slice(0, content.length / 2);
    if (server.trouble === 'stall') return void data.write(half);
    data.end(server.trouble === 'truncate' ? half : content);
    await once(data, 'close');
    say('226 that was it');
  }

  return server;
}

async function listen(server: Server): Promise<AddressInfo> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address() as AddressInfo;
}
