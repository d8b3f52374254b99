import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { powerAction } from '../../../src/actions/power/power-action.ts';
import { errorCode } from '../../../src/errors.ts';
import { chooseStarter } from '../../../src/process/choose-starter.ts';
import { FifoPool } from '../../../src/process/fifo-pool.ts';
import { kill } from '../../../src/process/process-group.ts';
import { ProcessStartError } from '../../../src/process/process-start-error.ts';
import type { ProcessEnd, RunOptions } from '../../../src/process/run-process.ts';
import { createRunner } from '../../../src/process/run-process.ts';
import { SurvivorsError } from '../../../src/process/survivors-error.ts';
import { actionContext } from '../../helpers/action-context.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { isAlive } from '../../helpers/is-alive.ts';
import { openDescriptors } from '../../helpers/open-descriptors.ts';
import { createTestRunner, type Runner, STARTERS } from '../../helpers/runners.ts';
import { type TempDir, tempDir } from '../../helpers/temp-dir.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
/** Users without rights: one that processes belong to, and one that this process is for a while. */
const ANOTHER_USER = 12_345;
const USER_WITHOUT_RIGHTS = 65_534;

/** Starts a process of another user in the group, which writes its number to `$1`, and waits for it. */
const OF_ANOTHER_USER = `setpriv --reuid ${ANOTHER_USER} --clear-groups sleep 60 & echo $! >"$1"; wait`;

let dir: TempDir;
let runner: Runner;

beforeEach(() => {
  dir = tempDir();
});
afterEach(() => {
  process.seteuid?.(0);
  const survivor = Number(readIfThere('survivor') ?? 0);
  if (survivor > 0) kill(survivor, 'SIGKILL');
  dir.remove();
});

function readIfThere(name: string): string | undefined {
  try {
    return readFileSync(dir.file(name), 'utf8');
  } catch {
    return undefined;
  }
}

function sh(script: string, options: Partial<RunOptions> = {}): Promise<ProcessEnd> {
  const args = ['-c', script, 'sh', dir.file('survivor')];
  return runner.run({ file: '/bin/sh', args, env: ENV, timeoutMs: 20_000, ...options });
}

async function timed<T>(promise: Promise<T>): Promise<{ value: T; ms: number }> {
  const start = performance.now();
  const value = await promise;
  return { value, ms: performance.now() - start };
}

/** Once it runs, this process has no right to kill it, and gets it back by `afterEach`. */
async function unkillable(): Promise<number> {
  const isAnothers = (pid: number): boolean =>
    new RegExp(`^Uid:\\s+${ANOTHER_USER}\\s`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  await waitUntil(() => (readIfThere('survivor') ?? '').endsWith('\n'));
  const pid = Number(readIfThere('survivor'));
  await waitUntil(() => isAnothers(pid));
  process.seteuid?.(USER_WITHOUT_RIGHTS);
  return pid;
}

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe.each(STARTERS)('by the %s starter,', (starter) => {
  beforeAll(async () => (runner = await createTestRunner(starter)));
  afterAll(() => runner.remove());

  describe('a process that cannot be killed', () => {
    it('is named soon after limit and grace, and waited for no longer', async () => {
      const times = { timeoutMs: 1500, killAfterMs: 200, giveUpAfterMs: 500 };
      const running = timed(caught(sh(OF_ANOTHER_USER, times)));
      const pid = await unkillable();
      const { value: error, ms } = await running;

      expect(error).toBeInstanceOf(SurvivorsError);
      expect(error).toMatchObject({ survivors: [{ pid }], message: expect.stringContaining(`-p ${pid}`) });
      expect(isAlive(pid)).toBe(true);
      expect(ms).toBeLessThan(1500 + 200 + 500 + 5000);
    }, 20_000);

    it('fails its command without a further attempt, and does not blame the system', async () => {
      const script = `#!/bin/sh\necho once >>"$power_id.attempts"; set -- "$power_id"; ${OF_ANOTHER_USER}`;
      const scripts = tempDir({ script });
      const survivors: number[] = [];
      const context = actionContext({
        powerScriptsDir: scripts.path,
        settings: { powerTimeoutS: 1.5, powerAttempts: 3 },
        runProcess: runner.run,
        onSurvivors: (found) => survivors.push(...found.map(({ pid }) => pid)),
      });
      const command = powerCommand({ type: 'script', powerId: dir.file('survivor'), action: 'off' });

      const acting = timed(caught(powerAction(command, context)));
      const pid = await unkillable();
      const { value: error, ms } = await acting;
      process.seteuid?.(0);
      scripts.remove();

      expect(error).toMatchObject({
        name: 'CommandFailedError',
        systemBroken: false,
        message: expect.stringContaining(`expected SIGKILL to end ${pid}, found them alive`),
      });
      expect(survivors).toEqual([pid]);
      expect(readIfThere('survivor.attempts')).toBe('once\n');
      // Limit, grace, and five seconds.
      expect(ms).toBeLessThan(1500 + 1000 + 5000 + 5000);
    }, 30_000);
  });

  describe('an `off` that its failed attempt has left behind', () => {
    /** The first `off` goes wrong, and its rest would act later; the second one looks for that, and `on` does nothing. */
    const scriptFor = (program: string, howItFails: string): string => `#!/bin/sh
      [ "$power_mode" = on ] && exit 0
      if [ -s "$power_id" ]; then
        case $(sed 's/.*) //; s/ .*//' "/proc/$(cat "$power_id")/stat" 2>/dev/null) in
          '' | Z | X) echo gone >"$power_id.found" ;;
          *) echo alive >"$power_id.found" ;;
        esac
        exit 0
      fi
      ${program} sh -c 'trap "" TERM; echo $$ >"$power_id"; for n in 1 2 3 4 5 6; do sleep 1; done; touch "$power_id.acted"' >/dev/null 2>&1 &
      until [ -s "$power_id" ]; do sleep 0.05; done
      ${howItFails}`;

    /** As `sudo` and `su -` do. */
    const EMPTY = 'env -i PATH="$PATH" power_id="$power_id"';

    it.each([
      ['under timeout(1), when it exits with 1', 'timeout 60', 'exit 1'],
      ['in a session of its own, when it exits with 1', 'setsid', 'exit 1'],
      ['with an empty environment under timeout(1), when it exits with 1', `timeout 60 ${EMPTY}`, 'exit 1'],
      ['under timeout(1), when its limit is over', 'timeout 60', 'sleep 60'],
      ['in a session of its own, when its limit is over', 'setsid', 'sleep 60'],
      [
        'with an empty environment under timeout(1), when its limit is over',
        `timeout 60 ${EMPTY}`,
        'sleep 60',
      ],
      [
        'with an empty environment in a session of its own, when its limit is over',
        `${EMPTY} setsid`,
        'sleep 60',
      ],
    ])('is gone before the next attempt, and never acts, %s', async (_, program, howItFails) => {
      const scripts = tempDir({ script: scriptFor(program, howItFails) });
      const context = actionContext({
        powerScriptsDir: scripts.path,
        settings: { powerTimeoutS: 2, powerAttempts: 2 },
        runProcess: runner.run,
      });
      const command = powerCommand({ type: 'script', powerId: dir.file('survivor'), action: 'reboot' });

      await powerAction(command, context);
      scripts.remove();

      expect(readIfThere('survivor.found')).toBe('gone\n');
      expect(isAlive(Number(readIfThere('survivor')))).toBe(false);
      expect(readIfThere('survivor.acted')).toBeUndefined();
    });
  });

  describe('a process of a failed script that has left its session and has an empty environment', () => {
    const OUT_OF_SIGHT = `env -i PATH="$PATH" setsid sh -c 'echo $$ >"$0"; exec sleep 60' "$1"`;

    it('is killed for the output of the script that it holds', async () => {
      const { exitStatus } = await sh(`${OUT_OF_SIGHT} & until [ -s "$1" ]; do sleep 0.05; done; exit 1`);

      expect(exitStatus).toBe(1);
      expect(isAlive(Number(readIfThere('survivor')))).toBe(false);
    });

    it('is killed as the child of its child, when the script is ended', async () => {
      const { end } = await sh(`${OUT_OF_SIGHT} >/dev/null 2>&1 & wait`, { timeoutMs: 2000 });

      expect(end).toBe('timed out');
      expect(isAlive(Number(readIfThere('survivor')))).toBe(false);
    });
  });

  describe('without free descriptors', () => {
    const takeAll = (taken: number[]): void => {
      try {
        for (;;) taken.push(openSync('/dev/null', 'r'));
      } catch (error) {
        if (errorCode(error) !== 'EMFILE') throw error;
      }
    };
    const ownLimit = (soft: string): Buffer =>
      execFileSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${soft}:`]);

    it('a start fails by the name of the limit, leaks nothing, and works again afterwards', async () => {
      await sh('true');
      const before = openDescriptors();
      const [, soft = ''] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
      const taken: number[] = [];
      ownLimit('512');
      let errors: unknown[] = [];
      try {
        takeAll(taken);
        errors = await Promise.all(Array.from({ length: 10 }, () => caught(sh('true'))));
        // One end of a pipe can be had, the other cannot.
        closeSync(taken.pop() ?? -1);
        errors.push(await caught(sh('true')));
        takeAll(taken);
      } finally {
        for (const fd of taken) closeSync(fd);
        ownLimit(soft);
      }

      expect(errors).toHaveLength(11);
      for (const error of errors) {
        expect(error).toBeInstanceOf(ProcessStartError);
        expect(error).toMatchObject({ message: expect.stringMatching(/too many open files.*\(EMFILE\)/) });
      }
      expect(await sh('echo again')).toMatchObject({ exitStatus: 0, output: 'again\n' });
      await waitUntil(() => openDescriptors() <= before);
    });
  });

  it('what waits for its turn when it is given up is not started later', async () => {
    const chosen = await chooseStarter(starter, dir.file('pipes'));
    const until = new AbortController();
    const starting = Array.from({ length: 10 }, () =>
      chosen.starter.start('/bin/sleep', ['60'], ENV, until.signal),
    );
    until.abort();

    const results = await Promise.allSettled(starting);
    const started = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value);
    for (const child of started) {
      child.signal('SIGKILL');
      child.close();
      child.reap();
    }
    // As many as are being loaded at once.
    expect(started.length).toBeLessThanOrEqual(4);
  });
});

describe('a program for another kind of machine', () => {
  it('is refused by the posix starter, rather than given to a shell that blames its syntax', async () => {
    const program = readFileSync('/bin/true');
    const MACHINE = 18;
    program.writeUInt16LE(0xffff, MACHINE);
    writeFileSync(dir.file('program'), program, { mode: 0o755 });
    const posix = await createTestRunner('posix');

    const error = await caught(posix.run({ file: dir.file('program'), env: ENV, timeoutMs: 5000 }));
    posix.remove();

    expect(error).toBeInstanceOf(ProcessStartError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/not a program for this kind of machine.*\(ENOEXEC\)/),
    });
  });
});

describe('a group that has got the number of a program which the node starter has started', () => {
  /** As the kernel does when all other numbers are taken. */
  const startedWith = async (pid: number): Promise<ChildProcess> => {
    for (;;) {
      writeFileSync('/proc/sys/kernel/ns_last_pid', `${pid - 1}`);
      const child = spawn('sleep', ['60'], { detached: true });
      if (child.pid === pid) return child;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
  };

  it('is not signalled', async () => {
    const { starter } = await chooseStarter('node', dir.file('pipes'));
    const program = await starter.start('/bin/true', [], ENV, new AbortController().signal);
    await program.exited;
    const stranger = await startedWith(program.pid);
    const ended = once(stranger, 'exit');

    expect(program.signal('SIGKILL')).toBe(false);
    program.close();
    stranger.kill('SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
  });
});

describe('the pipes of the node starter', () => {
  it('are made anew when their directory has been removed', async () => {
    const { starter } = await chooseStarter('node', dir.file('pipes'));
    const run = createRunner(starter);
    const echo = (): Promise<ProcessEnd> =>
      run({ file: '/bin/echo', args: ['here'], env: ENV, timeoutMs: 5000 });
    await echo();
    rmSync(dir.file('pipes'), { recursive: true });

    expect(await echo()).toMatchObject({ output: 'here\n' });
  });

  it('say that they cannot be made, rather than that the program is missing', async () => {
    writeFileSync(dir.file('a-file'), '');
    writeFileSync(dir.file('a-file'), '');
    const pool = new FifoPool(join(dir.file('a-file'), 'pipes'));

    const error = await caught(pool.take());

    expect(errorCode(error)).toBeUndefined();
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^expected mkfifo\(1\) to make pipes in .*a-file\/pipes, found: ENOTDIR/,
      ),
    });
  });
});
