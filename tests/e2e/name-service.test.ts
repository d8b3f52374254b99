import { createSocket, type Socket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Lab, openLab } from '../helpers/lab.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** Of this test alone; every process has all of 127.0.0.0/8. */
const NAME_SERVER = '127.9.53.1';

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

  it('keeps no machine from being switched while twenty unknown names are cleared, and these end in time', async () => {
    for (let id = 1; id <= 20; id += 1) {
      const fqdn = `unknown${id}.lab.test`;
      lab.hub.queue({ id, action: 'clear_netboot', fqdn, delay: 0, quiescent_period: null });
    }
    const worker = startWorker();
    await waitUntil(() => questions > 0 && status(20) === 'Running', {
      what: 'the look-ups',
      timeoutMs: 20_000,
    });
    const queuedAt = performance.now();
    lab.queue({ id: 21, action: 'on' });
    await lab.untilEnded(21);
    expect(performance.now() - queuedAt).toBeLessThan(5_000);
    expect(status(21)).toBe('Completed');
    expect(status(20)).toBe('Running');
    await waitUntil(
      () => Array.from({ length: 20 }, (_, index) => status(index + 1)).every((one) => one === 'Completed'),
      {
        what: 'the ends of all',
        timeoutMs: 25_000,
      },
    );
    expect(worker.logged('netboot cleared').map(({ address }) => address)).toContainEqual(
      expect.stringContaining('expected an answer of the name service'),
    );
  });
});
