import { createSocket, type Socket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Lab, openLab } from '../helpers/lab.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** Of this test alone; every process has all of 127.0.0.0/8. */
const NAME_SERVER = '127.9.53.1';
const OTHER_NAME_SERVER = '127.9.53.2';

describe('a name service that does not answer', () => {
  let lab: Lab;
  let server: Socket;
  let questions: number;

  beforeEach(async () => {
    lab = await openLab({ closesConnections: true });
    questions = 0;
    server = createSocket('udp4', () => (questions += 1));
    await new Promise<void>((resolve) => server.bind(53, NAME_SERVER, resolve));
    writeFileSync(lab.files.file('resolv.conf'), `nameserver ${NAME_SERVER}\n`);
  });
  afterEach(async () => {
    await lab.close();
    server.close();
  });

  /** A worker for which the host's name service is the silent one; with Node's own four threads. */
  const startWorker = (): ReturnType<Lab['startWorker']> => {
    const mount = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    const under = ['unshare', '-m', 'sh', '-c', mount, lab.files.file('resolv.conf')];
    // By a name, so that each connection to it asks as well: /etc/hosts has that.
    const HUB_URL = lab.hub.url.replace('127.0.0.1', 'localhost');
    return lab.startWorker({ TFTP_ROOT: lab.files.file('tftp'), HUB_URL }, { under });
  };
  const status = (id: number): string | undefined => lab.hub.latest(id)?.status;
  /** While the first `count` commands wait for the silent name service, another machine is switched; then all of them end, in time. */
  const switchedWhileLookUpsHang = async (count: number, end: 'Completed' | 'Failed'): Promise<void> => {
    const hanging = (): boolean => questions > 0 && status(count) === 'Running';
    await waitUntil(hanging, { what: 'the look-ups', timeoutMs: 20_000 });
    const queuedAt = performance.now();
    lab.queue({ id: 21, action: 'on' });
    await lab.untilEnded(21);
    expect(performance.now() - queuedAt).toBeLessThan(5_000);
    expect(status(21)).toBe('Completed');
    expect(status(count)).toBe('Running');
    const ids = Array.from({ length: count }, (_, index) => index + 1);
    const haveEnded = (): boolean => ids.every((id) => status(id) === end);
    await waitUntil(haveEnded, { what: 'the ends of all', timeoutMs: 25_000 });
  };

  it('keeps no machine from being switched while twenty unknown names are cleared, and these end in time', async () => {
    for (let id = 1; id <= 20; id += 1) {
      const fqdn = `unknown${id}.lab.test`;
      lab.hub.queue({ id, action: 'clear_netboot', fqdn, delay: 0, quiescent_period: null });
    }
    const worker = startWorker();
    await switchedWhileLookUpsHang(20, 'Completed');
    expect(worker.logged('netboot cleared').map(({ address }) => address)).toContainEqual(
      expect.stringContaining('expected an answer of the name service'),
    );
  });

  it('keeps no machine from being switched while images are to come from twenty dead names, by HTTP and by FTP', async () => {
    for (let id = 1; id <= 10; id += 1) {
      const [kernel_url, initrd_url] = ['http', 'ftp'].map(
        (scheme) => `${scheme}://dead${id}.lab.test/image`,
      );
      const netboot = { arch: 'x86_64', kernel_options: '', kernel_url, initrd_url };
      const fqdn = `10.0.0.${id}`;
      lab.hub.queue({ id, action: 'configure_netboot', fqdn, delay: 0, quiescent_period: null, netboot });
    }
    startWorker();
    await switchedWhileLookUpsHang(10, 'Failed');
  });
});

describe('a name service whose first server is dead, so that each answer takes five seconds', () => {
  const servers: Socket[] = [];
  let lab: Lab;

  beforeEach(async () => {
    lab = await openLab({ closesConnections: true });
    const alive = createSocket('udp4', (question, { port, address }) => {
      alive.send(answerTo(question), port, address);
    });
    servers.push(createSocket('udp4'), alive);
    const addresses = [NAME_SERVER, OTHER_NAME_SERVER];
    for (const [at, server] of servers.entries()) {
      await new Promise<void>((resolve) => server.bind(53, addresses[at], resolve));
    }
    const lines = addresses.map((address) => `nameserver ${address}\n`);
    writeFileSync(lab.files.file('resolv.conf'), lines.join(''));
  });
  afterEach(async () => {
    await lab.close();
    for (const server of servers.splice(0)) server.close();
  });

  it('lets a worker find its hub', async () => {
    lab.queue({ id: 1 });
    const mount = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    const under = ['unshare', '-m', 'sh', '-c', mount, lab.files.file('resolv.conf')];
    lab.startWorker({ HUB_URL: lab.hub.url.replace('127.0.0.1', 'hub.lab.test') }, { under });
    await waitUntil(() => lab.hub.latest(1)?.status === 'Completed', { what: 'the end', timeoutMs: 60_000 });
  }, 90_000);
});

/** That each name has the address 127.0.0.1, and none of IPv6. */
function answerTo(question: Buffer): Buffer {
  let end = 12;
  while (question[end] !== 0) end += 1 + (question[end] ?? 0);
  const isIpv4 = question.readUInt16BE(end + 1) === 1;
  const head = Buffer.alloc(12);
  question.copy(head, 0, 0, 2);
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(isIpv4 ? 1 : 0, 6);
  const address = Buffer.from('c00c00010001000000000004' + '7f000001', 'hex');
  return Buffer.concat([head, question.subarray(12, end + 5), isIpv4 ? address : Buffer.alloc(0)]);
}
