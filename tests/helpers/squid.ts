import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { tempDir } from './temp-dir.ts';
import { waitUntil } from './wait-until.ts';

export interface Squid {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the proxy that most labs have, on a loopback port of its own. It finds `names` at 127.0.0.1, and passes on everything. */
export async function startSquid(names: readonly string[]): Promise<Squid> {
  const dir = tempDir();
  chmodSync(dir.path, 0o755);
  const port = await freePort();
  const hosts = join(dir.path, 'hosts');
  writeFileSync(hosts, names.map((name) => `127.0.0.1 ${name}\n`).join(''));
  const file = join(dir.path, 'squid.conf');
  writeFileSync(file, configuration(port, hosts));
  const squid = spawn('squid', ['-N', '-f', file], { stdio: 'ignore' });
  await waitUntil(() => accepts(port), { what: 'squid' });
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      squid.kill('SIGKILL');
      await once(squid, 'exit');
      dir.remove();
    },
  };
}

function configuration(port: number, hosts: string): string {
  return `http_port 127.0.0.1:${port}
hosts_file ${hosts}
http_access allow all
cache deny all
cache_mem 1 MB
access_log none
cache_log /dev/null
pid_filename none
netdb_filename none
pinger_enable off
`;
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
