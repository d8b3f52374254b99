import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startCli } from '../helpers/cli-process.ts';
import { openLab, type Lab } from '../helpers/lab.ts';
import { type LogPipe, openLogPipe } from '../helpers/log-reader.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { waitUntil } from '../helpers/wait-until.ts';

describe('a worker whose log', () => {
  let lab: Lab;
  let pipe: LogPipe;

  beforeEach(async () => {
    lab = await openLab();
    pipe = openLogPipe(lab.files);
  });
  afterEach(async () => {
    await lab.close();
    await pipe.close();
  });

  /** Commands whose log lines are more than a pipe holds. */
  const runMany = async (): Promise<void> => {
    const ids = Array.from({ length: 200 }, (_none, at) => at + 1);
    lab.queue(...ids.map((id) => ({ id })));
    await lab.untilEnded();
    expect(lab.violations()).toEqual([]);
  };

  it('has no reader any more goes on, and the next reader gets its lines', async () => {
    const worker = lab.startWorker({}, { stderr: pipe.descriptor });
    await waitUntil(() => pipe.text().includes('polling the hub'), { timeoutMs: 30_000 });
    await pipe.killReader();
    lab.queue({ id: 1 });
    await lab.untilEnded();
    pipe.startReader();
    await waitUntil(() => pipe.text().includes('"event":"command ended"'), { timeoutMs: 30_000 });
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
    await waitUntil(() => pipe.text().includes('worker stopped'));
  });

  it('is not read goes on, and stops in order', async () => {
    const worker = lab.startWorker({}, { stderr: pipe.descriptor });
    await waitUntil(() => pipe.text().includes('polling the hub'), { timeoutMs: 30_000 });
    pipe.signalReader('SIGSTOP');
    await runMany();
    worker.signal('SIGTERM');
    expect(await worker.exited).toBe(0);
  });

  it('is not read ends with 1 on an error that was not handled, and says so once it is read', async () => {
    const bug = "process.on('SIGUSR2', () => { throw new Error('a bug') })";
    const program = ['--import', `data:text/javascript,${encodeURIComponent(bug)}`, 'dist/cli.js'];
    const worker = lab.startWorker({}, { stderr: pipe.descriptor, program });
    await waitUntil(() => pipe.text().includes('polling the hub'), { timeoutMs: 30_000 });
    pipe.signalReader('SIGSTOP');
    worker.signal('SIGUSR2');
    expect(await worker.exited).toBe(1);
    pipe.signalReader('SIGCONT');
    await waitUntil(() => pipe.text().includes('unhandled error, the process ends'));
  });

  it('is on a full disk goes on, and the log goes on when there is room', async () => {
    const disk = tempDir();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk.path]);
    const log = openSync(disk.file('log'), 'a');
    const worker = lab.startWorker({ LOG_LEVEL: 'info' }, { stderr: log });
    try {
      writeFileSync(disk.file('other'), Buffer.alloc(60 * 1024));
      lab.queue({ id: 1 }, { id: 2 });
      await lab.untilEnded();
      // What fills a disk does not end there: the last page, too.
      expect(() => writeFileSync(disk.file('more'), Buffer.alloc(8 * 1024))).toThrow('ENOSPC');
      lab.queue(...Array.from({ length: 40 }, (_none, at) => ({ id: at + 3 })));
      await lab.untilEnded();
      rmSync(disk.file('other'));
      await waitUntil(
        () => readFileSync(disk.file('log'), 'utf8').match(/"event":"command ended"/g)?.length === 42,
      );
      worker.signal('SIGTERM');
      expect(await worker.exited).toBe(0);
      const lines = readFileSync(disk.file('log'), 'utf8').trim().split('\n');
      for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
      expect(lines.at(-1)).toContain('worker stopped');
    } finally {
      await worker.kill();
      closeSync(log);
      execFileSync('umount', [disk.path]);
      disk.remove();
    }
  });

  it('goes to a socket that is not read goes on', async () => {
    const server = createServer({ pauseOnConnect: true }).listen(lab.files.file('socket'));
    const client = connect(lab.files.file('socket'));
    await waitUntil(() => server.listening && !client.connecting);
    try {
      lab.startWorker({}, { stderr: client });
      await runMany();
    } finally {
      client.destroy();
      server.close();
    }
  });
});

describe('a program whose output', () => {
  it('has no reader any more ends with 1, and says why', async () => {
    const files = tempDir();
    const script = `set -o pipefail; ${process.execPath} dist/cli.js check-config 2>${files.file('said')} | true`;
    const shell = startCli([], { program: ['-e', runInShell(script)] });
    expect(await shell.exited).toBe(1);
    expect(readFileSync(files.file('said'), 'utf8')).toMatch(/standard output: .* its reader has ended\n$/);
    files.remove();
  });

  it('says what others say without doing anything to the terminal', async () => {
    const program = startCli(['queue', 'sys1\u001b[2J\u202e', 'on'], {
      settings: { USERNAME: 'host/lab', PASSWORD: 'pass' },
    });
    expect(await program.exited).toBe(2);
    expect(program.stderr).not.toMatch(/[\u001b\u202e]/);
    expect(program.stderr).toContain('sys1\\u001b[2J\\u202e');
  });
});

/** Code for Node that runs the script with the exit code of its pipe: the reader waits until the other end was opened. */
function runInShell(script: string): string {
  return `process.exit(require('node:child_process').spawnSync('bash', ['-c', ${JSON.stringify(script)}]).status)`;
}
