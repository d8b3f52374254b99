import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'libsql';
import { startCli } from '../helpers/cli-process.ts';
import { image, type ImageServer, startImageServer } from '../helpers/image-server.ts';
import { type Lab, openLab } from '../helpers/lab.ts';
import { readTree, type Tree, writeTree } from '../helpers/tree.ts';
import { waitUntil } from '../helpers/wait-until.ts';

// A name that is an address is its own, whatever the name service says.
const FQDN = '10.16.67.222';
const BOOT_FILE = 'pxelinux.cfg/0A1043DE';

describe('netboot', () => {
  let lab: Lab;
  let images: ImageServer;
  let root: string;

  beforeEach(async () => {
    [lab, images] = await Promise.all([openLab(), startImageServer()]);
    root = lab.files.file('tftp');
    images.answers.set('/vmlinuz', image('KERNEL', { etag: '"1"' }));
    images.answers.set('/initrd.img', image('INITRD', { etag: '"1"' }));
  });
  afterEach(async () => {
    await lab.close();
    await images.close();
  });

  const settings = (): Record<string, string | number> => ({ ...lab.settings(), TFTP_ROOT: root });
  const startWorker = (): ReturnType<Lab['startWorker']> => lab.startWorker({ TFTP_ROOT: root });
  const configure = (id: number, kernel = '/vmlinuz'): void =>
    lab.hub.queue({
      ...{ id, action: 'configure_netboot', fqdn: FQDN, delay: 0, quiescent_period: null },
      netboot: {
        arch: 'x86_64',
        kernel_url: `${images.url}${kernel}`,
        initrd_url: `${images.url}/initrd.img`,
        kernel_options: 'quiet',
        image_url: null,
        distro_tree_id: 42,
      },
    });
  const untilEnded = (id: number): Promise<unknown> =>
    waitUntil(() => !['Queued', 'Running', undefined].includes(lab.hub.latest(id)?.status), {
      what: `end of ${id}`,
      timeoutMs: 20_000,
    });
  const own = (tree: Tree = readTree(root)): readonly string[] =>
    Object.keys(tree).filter((path) => path.includes(FQDN) || /0A1043DE/i.test(path));
  const clear = (...args: readonly string[]): ReturnType<typeof startCli> =>
    startCli(['clear-netboot', ...args], { settings: settings() });

  it('tells the hub which image could not be fetched, without blaming the system', async () => {
    startWorker();
    configure(1, '/no-such-kernel');
    await untilEnded(1);
    expect(lab.hub.latest(1)).toMatchObject({
      status: 'Failed',
      message: `cannot fetch ${images.url}/no-such-kernel: expected status 200, found 404`,
      systemBroken: false,
    });
    expect(own()).toEqual([]);
  });

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'is configured by the next worker when %s comes while images are being fetched, and nothing is left over',
    async (signal) => {
      let isAsked = false;
      images.answers.set('/vmlinuz', () => void (isAsked = true));
      const first = startWorker();
      configure(1);
      await waitUntil(() => isAsked);
      first.signal(signal);
      expect(await first.exited).toBe(signal === 'SIGTERM' ? 0 : signal);
      expect(lab.hub.latest(1)?.status).toBe('Running');
      expect(own()).toEqual([]);
      images.answers.set('/vmlinuz', image('KERNEL'));
      const second = startWorker();
      await untilEnded(1);
      expect(lab.hub.latest(1)?.status).toBe('Completed');
      expect(readTree(root)[`images/${FQDN}/kernel`]).toEqual({ file: 'KERNEL' });
      second.signal('SIGTERM');
      await second.exited;
      const litter = ['staging', 'images/fetching'].map((dir) =>
        readdirSync(join(root, '.beaker-provision', dir)),
      );
      expect(litter).toEqual([[], []]);
    },
  );

  it('is configured although another process writes to the journal just then, as clear-netboot does', async () => {
    const worker = startWorker();
    await worker.untilLogged('logged in to the hub');
    const journal = new Database(join(lab.files.file('state'), 'journal.db'));
    journal.exec('BEGIN IMMEDIATE');
    // For longer than a poll takes: the worker comes to write meanwhile.
    const release = setTimeout(() => journal.exec('COMMIT'), 1_500);
    configure(1);
    await untilEnded(1);
    expect(lab.hub.latest(1)?.status).toBe('Completed');
    clearTimeout(release);
    journal.close();
  });

  it('is cleared at once by clear-netboot, beside the worker', async () => {
    startWorker();
    configure(1);
    await untilEnded(1);
    expect(own()).toContain(BOOT_FILE);
    const cleared = clear(FQDN);
    expect(await cleared.exited).toBe(0);
    expect(own()).toEqual([]);
    // What is shared, the loader that the worker has copied among it, stays.
    expect(Object.keys(readTree(root))).toEqual(
      expect.arrayContaining(['pxelinux.0', 'pxelinux.cfg/default']),
    );
  });

  it('is cleared without a word, and with success, when there is nothing to clear', async () => {
    writeTree(root, { 'pxelinux.cfg/0A1043DE': { file: "the admin's, of no system that was configured" } });
    const before = readTree(root);
    const cleared = clear(FQDN);
    expect(await cleared.exited).toBe(0);
    expect([cleared.stdout, cleared.stderr]).toEqual(['', '']);
    expect(readTree(root)).toEqual(before);
  });

  it('is cleared by its address when it was configured under another name', async () => {
    // In the name of which there is no system any more.
    writeTree(root, {
      'pxelinux.cfg/7F000001': {
        file: 'default linux\nlabel linux\n    kernel /images/old.invalid/kernel\n',
      },
      'ipxe/7f000001': { file: '#!ipxe\nkernel /images/old.invalid/kernel\n' },
      'images/old.invalid/kernel': { file: 'KERNEL' },
    });
    const cleared = clear('localhost.');
    expect(await cleared.exited).toBe(0);
    expect(cleared.logged('netboot cleared')).toMatchObject([
      { fqdn: 'localhost', formerNames: ['old.invalid'] },
    ]);
    expect(readTree(root)).toEqual({});
  });

  it('says what it leaves because it is another system that has the address', async () => {
    writeTree(root, {
      'pxelinux.cfg/7F000001': { file: 'default linux\nlabel linux\n    kernel /images/127.0.0.1/kernel\n' },
    });
    const cleared = clear('localhost');
    expect(await cleared.exited).toBe(0);
    expect(cleared.logged('netboot files left in place')).toMatchObject([
      { paths: ['pxelinux.cfg/7F000001'], reasons: ['127.0.0.1 has that address as well'] },
    ]);
    expect(Object.keys(readTree(root))).toEqual(['pxelinux.cfg/7F000001']);
  });

  it.each(['../../etc', '/etc/passwd', 'a b', ''])('is not cleared for what is no name: %j', async (name) => {
    const refused = clear(name);
    expect(await refused.exited).toBe(2);
    expect(refused.stderr).toContain('clear-netboot: expected the name of a system');
  });

  it('is not cleared through sudo by whoever also says where', async () => {
    const sudo = { SUDO_UID: '1000' };
    const byVariable = startCli(['clear-netboot', FQDN], { settings: { TFTP_ROOT: root }, env: sudo });
    expect(await byVariable.exited).toBe(2);
    expect(byVariable.stderr).toContain('through sudo, expected nothing but fqdn, found BEAKER_TFTP_ROOT');
    const byFlag = startCli(['clear-netboot', FQDN, '--config', '/tmp/mine'], {
      env: { ...sudo, BEAKER_TFTP_ROOT: '' },
    });
    expect(await byFlag.exited).toBe(2);
    expect(byFlag.stderr).toContain('found --config');
  });
});
