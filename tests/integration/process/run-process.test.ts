import { getEventListeners } from 'node:events';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { InterruptedError } from '../../../src/errors.ts';
import { RUN_MARKER } from '../../../src/process/end-group.ts';
import { kill, killGroup } from '../../../src/process/process-group.ts';
import type { ProcessGroup } from '../../../src/process/process-group.ts';
import { ProcessStartError } from '../../../src/process/process-start-error.ts';
import type { ProcessEnd, RunOptions } from '../../../src/process/run-process.ts';
import { Secret } from '../../../src/secret.ts';
import { isAlive } from '../../helpers/is-alive.ts';
import { openDescriptors } from '../../helpers/open-descriptors.ts';
import { createTestRunner, type Runner, STARTERS } from '../../helpers/runners.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
const groups: ProcessGroup[] = [];
const strays: number[] = [];
let markers = 0;
let runner: Runner;

afterEach(() => {
  for (const { pgid } of groups.splice(0)) killGroup(pgid, 'SIGKILL');
  for (const pid of strays.splice(0)) kill(pid, 'SIGKILL');
});

function sh(script: string, options: Partial<RunOptions> = {}): Promise<ProcessEnd> {
  return runner.run({
    file: '/bin/sh',
    args: ['-c', script],
    env: ENV,
    timeoutMs: 20_000,
    onStart: (group) => groups.push(group),
    ...options,
  });
}

async function timed<T>(promise: Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now();
  const value = await promise;
  return { value, ms: performance.now() - start };
}

/** A successful script leaves this, in a session of its own, which first writes its number. */
async function leaveBehind(script: string): Promise<number> {
  const { output } = await sh(`setsid sh -c '${script}' & echo $!; sleep 0.3`, { graceMs: 20 });
  const [pid = 0] = pidsIn(output);
  strays.push(pid);
  return pid;
}

const ourDescriptors = (): string[] =>
  readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return 'closed by now';
    }
  });

/** The environment of a run that no other has. */
function marked(): Readonly<Record<string, string>> {
  return { ...ENV, [RUN_MARKER]: `test/run-process/${process.pid}/${(markers += 1)}` };
}

const pidsIn = (output: string): number[] => output.trim().split(/\s+/).map(Number);

describe.each(STARTERS)('by the %s starter,', (starter) => {
  beforeAll(async () => (runner = await createTestRunner(starter)));
  afterAll(() => runner.remove());

  describe('a process that ends by itself', () => {
    it('gives its exit status and what it wrote to both outputs', async () => {
      expect(await sh('echo one; echo two >&2; exit 3')).toEqual({
        exitStatus: 3,
        output: expect.stringMatching(/^(one\ntwo|two\none)\n$/),
        end: 'exited',
      });
    });

    it('is over when it has exited, not when it has closed its outputs', async () => {
      expect(await sh('echo bye; exec >/dev/null 2>&1; sleep 0.3; exit 3')).toMatchObject({
        exitStatus: 3,
        output: 'bye\n',
      });
    });

    it('gives the negative number of the signal that killed it', async () => {
      expect(await sh('kill -SEGV $$')).toMatchObject({ exitStatus: -11, end: 'exited' });
    });

    it('runs in a session of its own, in the root directory, without input, with nothing but its environment', async () => {
      const { output } = await sh(
        'pwd; readlink /proc/self/fd/0; echo "$HOME-$KEY"; ps -o sid= -p $$; echo $$',
        {
          env: { ...ENV, KEY: 'value' },
        },
      );
      const [cwd, input, environment, session = '', pid = ''] = output.split('\n');

      expect([cwd, input, environment]).toEqual(['/', '/dev/null', '-value']);
      expect(session.trim()).toBe(pid);
    });

    it('inherits none of our descriptors', async () => {
      const ours = openSync('/dev/zero', 'r');
      const { output } = await sh('readlink /proc/$$/fd/*');
      closeSync(ours);

      expect(output).toContain('/dev/null');
      expect(output).not.toContain('/dev/zero');
    });

    it('finds one pipe for both outputs, which it may open anew, and keeps the order of both', async () => {
      const { output } = await sh(
        'for n in 1 2 3; do echo $n; echo $n >&2; done; echo out >/dev/stdout; echo err >/dev/stderr; [ -p /dev/stdout ] && [ -p /dev/stderr ] && echo pipes',
      );

      expect(output).toBe('1\n1\n2\n2\n3\n3\nout\nerr\npipes\n');
    });

    it('finds no signal blocked or ignored, though Node ignores SIGPIPE', async () => {
      const { output } = await sh("grep -E '^Sig(Blk|Ign):' /proc/self/status");

      expect(output.replaceAll(/\s+/g, ' ')).toBe('SigBlk: 0000000000000000 SigIgn: 0000000000000000 ');
    });

    it('has no terminal, and its descriptors are input and outputs only', async () => {
      const { output } = await sh('ls /proc/self/fd; (: </dev/tty) 2>/dev/null || echo no terminal');

      // 3 is of ls. Numbers above that would be of who started the tests: Node closes only its own.
      const expected =
        starter === 'posix' ? '0\n1\n2\n3\nno terminal\n' : expect.stringContaining('no terminal\n');
      expect(output).toEqual(expected);
    });

    it('waits while its output is not taken, rather than losing any', async () => {
      const { output } = await sh('head -c 1000000 /dev/zero && echo all written', { outputLimit: 40 });

      expect(output).toMatch(/all written\n$/);
    });

    it('is run by the shell when it has no interpreter line', async () => {
      const { file, remove } = tempDir({ plain: 'echo from the shell\n' });

      expect(await runner.run({ file: file('plain'), env: ENV, timeoutMs: 5000 })).toMatchObject({
        exitStatus: 0,
        output: 'from the shell\n',
      });
      remove();
    });

    it('has its secret masked before the output is cut', async () => {
      const { output } = await sh(
        'printf "aaaaaaaaaaaaaaahunter2aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaahunter2aaaaaaaaaaaaaaaa"',
        {
          secret: new Secret('hunter2'),
          outputLimit: 36,
        },
      );

      expect(output).toMatch(/^a{15}\*{3}\n\[… \d+ characters left out …\]\n\*{2}a{16}$/);
    });
  });

  describe('a process that leaves children behind', () => {
    it('is over shortly after its exit though a child holds its output', async () => {
      const { value, ms } = await timed(sh('sleep 30 & echo $!', { graceMs: 200 }));

      expect(value).toMatchObject({ exitStatus: 0, end: 'exited' });
      expect(ms).toBeGreaterThanOrEqual(190);
      expect(ms).toBeLessThan(15_000);
    });

    it('is over shortly after its exit though a child that left the group floods its output', async () => {
      const { value, ms } = await timed(sh('setsid yes & echo $!; exit 1', { graceMs: 200 }));

      expect(value).toMatchObject({ exitStatus: 1, end: 'exited' });
      expect(ms).toBeLessThan(15_000);
      const [pid = 0] = pidsIn(value.output.slice(0, 20).replace(/y/g, ''));
      await waitUntil(() => !isAlive(pid), { what: 'yes to die of the closed pipe' });
    });

    it('waits the grace for what they still have to say', async () => {
      expect((await sh('(sleep 0.1; echo late) & echo soon', { graceMs: 5000 })).output).toBe('soon\nlate\n');
    });

    it('has those of its group killed when it succeeded, as Beaker does', async () => {
      const [pid = 0] = pidsIn((await sh('sleep 30 >/dev/null 2>&1 & echo $!')).output);

      await waitUntil(() => !isAlive(pid));
    });

    it('has those left alone, when it succeeded, that have left its group: it meant to', async () => {
      const pid = await leaveBehind('exec sleep 30 >/dev/null 2>&1');

      expect(isAlive(pid)).toBe(true);
    });

    it('has what those write taken, for as long as they write', async () => {
      const { file, remove } = tempDir();
      const pid = await leaveBehind(
        `sleep 0.3; head -c 300000 /dev/zero && touch ${file('written')}; exec sleep 30`,
      );

      await waitUntil(() => existsSync(file('written')));
      expect(isAlive(pid)).toBe(true);
      remove();
    });

    it('has the pipe closed once those close it', async () => {
      const pid = await leaveBehind('exec sleep 30');
      const pipe = readlinkSync(`/proc/${pid}/fd/1`);
      expect(ourDescriptors()).toContain(pipe);

      kill(pid, 'SIGKILL');

      await waitUntil(() => !ourDescriptors().includes(pipe));
    });

    it.each(['timeout 60', 'setsid'])('has them killed when it failed, also under %s', async (program) => {
      const deaf = `trap "" TERM; echo $$ >"$FILE"; while :; do sleep 0.1; done`;
      const { file, remove } = tempDir();
      const env = { ...marked(), FILE: file('pid') };

      await sh(
        `${program} sh -c '${deaf}' >/dev/null 2>&1 & until [ -s "$FILE" ]; do sleep 0.05; done; exit 1`,
        { env },
      );

      expect(isAlive(Number(readFileSync(file('pid'), 'utf8')))).toBe(false);
      remove();
    });

    it('has them killed when it failed: they must not meet the next attempt', async () => {
      const [pid = 0] = pidsIn(
        (await sh("(trap '' TERM; sleep 30) >/dev/null 2>&1 & echo $!; exit 1")).output,
      );

      await waitUntil(() => !isAlive(pid));
    });
  });

  describe('a process that does not end in time', () => {
    it('is asked to end, and may do so in its own way', async () => {
      const patient = { timeoutMs: 1000, killAfterMs: 10_000 };

      expect(await sh("trap 'echo bye; exit 7' TERM; sleep 30 & wait", patient)).toEqual({
        exitStatus: 7,
        output: 'bye\n',
        end: 'timed out',
      });
    });

    it('is killed when it ignores that', async () => {
      const deaf = "trap '' TERM; echo deaf; while :; do sleep 1; done";
      const { value, ms } = await timed(sh(deaf, { timeoutMs: 1000, killAfterMs: 300 }));

      expect(value).toEqual({ exitStatus: -9, output: 'deaf\n', end: 'timed out' });
      expect(ms).toBeGreaterThanOrEqual(1290);
      expect(ms).toBeLessThan(15_000);
    });

    it('takes all of its group along, down to deaf grandchildren', async () => {
      const family = 'sh -c \'trap "" TERM; sleep 30 & echo $$ $!; wait; sleep 30\' & wait';
      const { output, exitStatus } = await sh(family, { timeoutMs: 500, killAfterMs: 200 });

      expect(exitStatus).toBe(-15);
      expect(pidsIn(output)).toHaveLength(2);
      await waitUntil(() => !pidsIn(output).some(isAlive));
    });

    it('gives its children the time to end in order, though it is gone itself', async () => {
      const family =
        'sh -c \'trap "sleep 0.2; echo logged out; exit" TERM; while :; do sleep 0.05; done\' & wait';

      expect((await sh(family, { timeoutMs: 1000 })).output).toContain('logged out\n');
    });

    it.each([
      ['its limit is over', () => ({ timeoutMs: 500 })],
      ['it is stopped', () => ({ stop: AbortSignal.timeout(500) })],
    ])('takes along what has left its group when %s', async (_, how) => {
      const { file, remove } = tempDir();
      const env = { ...marked(), LOG: file('log') };
      const later = 'echo $$ >"$LOG"; sleep 2; echo acted >>"$LOG"';

      const { end } = await sh(`timeout 60 sh -c '${later}'`, { env, ...how() });

      expect(end).not.toBe('exited');
      const [pid, ...rest] = readFileSync(file('log'), 'utf8').trim().split('\n');
      expect(isAlive(Number(pid))).toBe(false);
      expect(rest).toEqual([]);
      remove();
    });

    it('is over in time though it floods its output', async () => {
      const { value, ms } = await timed(sh('yes', { timeoutMs: 1000, killAfterMs: 300 }));

      expect(value).toMatchObject({ exitStatus: -15, end: 'timed out' });
      expect(ms).toBeLessThan(15_000);
    });

    it('does not show the beginning of a secret that it was writing', async () => {
      const { output } = await sh('printf "password hunt"; sleep 30', {
        timeoutMs: 1000,
        secret: new Secret('hunter2'),
      });

      expect(output).toBe('password ********');
    });
  });

  describe('stopping a process', () => {
    it('ends it like the deadline does', async () => {
      const stop = new AbortController();
      const ended = sh('echo $$; sleep 30', { stop: stop.signal, onStart: () => stop.abort() });

      expect(await ended).toMatchObject({ exitStatus: -15, end: 'stopped' });
    });

    it('does not start it when the stop came before', async () => {
      await expect(sh('echo never', { stop: AbortSignal.abort() })).rejects.toBeInstanceOf(InterruptedError);
      expect(groups).toEqual([]);
    });

    it('is too late when it has ended', async () => {
      const stop = new AbortController();
      const result = await sh('true', { stop: stop.signal });
      stop.abort();

      expect(result.end).toBe('exited');
    });
  });

  describe('a process that cannot be recorded', () => {
    it('is killed, and the reason passed on', async () => {
      let pgid = 0;
      const failing = sh('sleep 30', {
        onStart: (group) => {
          pgid = group.pgid;
          throw new Error('disk full');
        },
      });

      await expect(failing).rejects.toThrow('disk full');
      expect(isAlive(pgid)).toBe(false);
    });
  });

  describe('a program that cannot be started', () => {
    it.each([
      [
        'does not exist',
        undefined,
        /cannot start .*script: the file, or the interpreter .* does not exist.*\(ENOENT\)/,
      ],
      ['has an interpreter that does not exist', '#!/no/such/sh\n', /does not exist.*\(ENOENT\)/],
    ])('is refused when it %s', async (_, text, message) => {
      const { file, remove } = tempDir(text === undefined ? {} : { script: text });

      const error: unknown = await runner
        .run({ file: file('script'), env: ENV, timeoutMs: 5000 })
        .catch((e: unknown) => e);
      expect(error).toBeInstanceOf(ProcessStartError);
      expect(error).toMatchObject({ message: expect.stringMatching(message) });
      remove();
    });

    it('is refused when it may not be executed', async () => {
      const { file, remove } = tempDir();
      writeFileSync(file('script'), '#!/bin/sh\n', { mode: 0o644 });

      await expect(runner.run({ file: file('script'), env: ENV, timeoutMs: 5000 })).rejects.toThrow(
        /permission denied; make it executable \(chmod 755\).*\(EACCES\)/,
      );
      remove();
    });

    it('is refused when its environment is too long', async () => {
      await expect(sh('true', { env: { LONG: 'x'.repeat(200_000) } })).rejects.toThrow(/too long.*\(E2BIG\)/);
    });
  });

  describe('many processes', () => {
    it('run at once', async () => {
      const numbers = Array.from({ length: 200 }, (_, n) => n);
      const { value, ms } = await timed(Promise.all(numbers.map((n) => sh(`sleep 1; echo ${n}`))));

      expect(value.map(({ output }) => Number(output))).toEqual(numbers);
      expect(ms).toBeLessThan(20_000);
    }, 30_000);

    it('leave no descriptor open, however they end', async () => {
      await sh('true');
      const before = openDescriptors();

      for (let round = 0; round < 40; round += 1) {
        await Promise.all([
          sh('echo fine'),
          sh('exit 1'),
          sh('sleep 30', { timeoutMs: 20, killAfterMs: 20 }),
          sh('sleep 1 &', { graceMs: 20 }),
          runner.run({ file: '/no/such/file', env: ENV, timeoutMs: 1000 }).catch(() => undefined),
        ]);
      }

      await waitUntil(() => openDescriptors() <= before, { what: `no more than ${before} descriptors` });
    }, 30_000);

    it('leave no listener on the signal that could have stopped them', async () => {
      const { signal } = new AbortController();
      const running = sh('sleep 0.1', { stop: signal });
      await waitUntil(() => getEventListeners(signal, 'abort').length === 1);
      await running;

      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('may write a hundred megabytes in bounded memory', async () => {
      const before = process.memoryUsage.rss();
      let peak = before;
      const sampling = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 10);

      const { output, exitStatus } = await sh(
        "echo first; head -c 100000000 /dev/zero | tr '\\0' x; echo; echo last",
      );
      clearInterval(sampling);

      expect(exitStatus).toBe(0);
      expect(output).toMatch(/^first\nx+\n\[… 99\d{6} characters left out …\]\nx+\nlast\n$/);
      expect(output.length).toBeLessThan(2100);
      expect((peak - before) / 2 ** 20).toBeLessThan(80);
    }, 30_000);
  });
});
