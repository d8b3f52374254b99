import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tempDir } from './temp-dir.ts';

/** A broker that stands for all that are not RabbitMQ: it knows no queue types, no arguments and no dead-lettering. */
export interface GarageMq {
  readonly url: string;
  remove(): Promise<void>;
}

/** Starts GarageMQ in the background, on free ports of loopback; whoever connects tries until it can. */
export async function startGarageMq(): Promise<GarageMq> {
  const dir = tempDir();
  const port = await freePort();
  writeFileSync(dir.file('config.yaml'), configuration(port, await freePort(), dir.file('db')));
  const broker = spawn('garagemq', ['--config', dir.file('config.yaml')], { stdio: 'ignore' });
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    remove: async () => {
      broker.kill('SIGKILL');
      if (broker.exitCode === null && broker.signalCode === null) await once(broker, 'exit');
      dir.remove();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

function configuration(port: number, adminPort: number, db: string): string {
  return `
proto: amqp-rabbit
users: [{ username: guest, password: 084e0343a0486ff05530df6c705c8bb4 }]
tcp: { ip: 127.0.0.1, port: ${port}, nodelay: true, readBufSize: 196608, writeBufSize: 196608 }
admin: { ip: 127.0.0.1, port: ${adminPort} }
queue: { shardSize: 8192, maxMessagesInRam: 131072 }
db: { defaultPath: ${db}, engine: badger }
vhost: { defaultPath: / }
security: { passwordCheck: md5 }
connection: { channelsMax: 4096, frameMaxSize: 65536 }
`;
}
