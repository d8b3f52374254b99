import { execFile, execFileSync } from 'node:child_process';
import { getEventListeners, getMaxListeners } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { PowerScripts } from '../../../src/actions/power/power-scripts.ts';
import { runAction } from '../../../src/actions/run-action.ts';
import { CommandFailedError, InterruptedError } from '../../../src/errors.ts';
import { killGroup } from '../../../src/process/process-group.ts';
import type { ProcessGroup } from '../../../src/process/process-group.ts';
import { environmentOf } from '../../../src/process/proc-table.ts';
import { Troubles } from '../../../src/troubles.ts';
import { actionContext } from '../../helpers/action-context.ts';
import { bundledScript } from '../../helpers/bundled-script.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { isAlive } from '../../helpers/is-alive.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import type { TempDir } from '../../helpers/temp-dir.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

let dir: TempDir;
let groups: ProcessGroup[];
let stopping: AbortController;
let killing: AbortController;

beforeEach(() => {
  dir = tempDir();
  groups = [];
  stopping = new AbortController();
  killing = new AbortController();
});

afterEach(() => {
  for (const { pgid } of groups) killGroup(pgid, 'SIGKILL');
  dir.remove();
});

type Overrides = Parameters<typeof actionContext>[0];

/** A context whose admin's power type `script` does this; it finds `power_id` to be the path of a file of its own, `log`. */
function contextWith(
  script: string,
  { settings, ...rest }: NonNullable<Overrides> = {},
): ReturnType<typeof actionContext> {
  writeFileSync(dir.file('script'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return actionContext({
    powerScriptsDir: dir.path,
    settings: settings ?? {},
    stopping: stopping.signal,
    killing: killing.signal,
    onProcessGroup: (group) => groups.push(group),
    ...rest,
  });
}

const command = (more: Parameters<typeof powerCommand>[0] = {}): ReturnType<typeof powerCommand> =>
  powerCommand({ type: 'script', powerId: dir.file('log'), ...more });

function logLines(): string[] {
  try {
    return readFileSync(dir.file('log'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

/** What was thrown; a success is none. */
async function failureOf(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

describe('a power action', () => {
  it.each(['on', 'off', 'interrupt'] as const)(
    'hands %s and the settings of the system to the script',
    async (action) => {
      const script = 'echo "$power_mode,$power_address,$power_user,$power_pass" >"$power_id"';

      await runAction(command({ action, address: '192.0.2.1', password: 'hunter2' }), contextWith(script));

      expect(logLines()).toEqual([`${action},192.0.2.1,,hunter2`]);
    },
  );

  it("runs the admin's script rather than the bundled one of the same name", async () => {
    const context = contextWith('');
    writeFileSync(dir.file('dummy'), '#!/bin/sh\necho mine >"$power_id"\n', { mode: 0o755 });

    await runAction(command({ type: 'dummy' }), context);

    expect(logLines()).toEqual(['mine']);
  });

  it('names each process group while it runs, and marks its processes', async () => {
    const seen: number[] = [];
    const context = contextWith('sleep 0.5', {
      marker: 'lab/42',
      onProcessGroup: ({ pgid }) => seen.push(pgid),
    });

    const acting = runAction(command(), context);
    // Linux lets the parent go on a moment before the environment of the child is to be read.
    await waitUntil(() => seen.some((pgid) => environmentOf(pgid).get('BEAKER_PROVISION_RUN') === 'lab/42'));
    await acting;

    expect(seen).toHaveLength(1);
  });

  it('may be one of any number that share the signals', async () => {
    const context = contextWith('sleep 0.5');
    const running = Promise.all(Array.from({ length: 20 }, () => runAction(command(), context)));
    await waitUntil(() => getEventListeners(killing.signal, 'abort').length === 20);

    expect(getMaxListeners(killing.signal)).toBe(Infinity);
    expect(getMaxListeners(stopping.signal)).toBe(Infinity);
    await running;
  });

  it('tries again until the script succeeds', async () => {
    const delays: number[] = [];
    const script = 'echo try >>"$power_id"; [ "$(wc -l <"$power_id")" -ge 3 ]';
    const timing = { rebootPauseMs: 0, retryDelayMs: (attempt: number) => delays.push(attempt) };

    await runAction(command(), contextWith(script, { timing }));

    expect(logLines()).toHaveLength(3);
    expect(delays).toEqual([2, 3]);
  });

  it("fails after the last attempt in Beaker's words, the password masked, and blames the system", async () => {
    const script = 'echo "cannot log in with $power_pass" >&2; exit 7';
    const context = contextWith(script, { settings: { powerAttempts: 2 } });

    const error = await failureOf(runAction(command({ password: 'hunter2' }), context));

    expect(error).toBeInstanceOf(CommandFailedError);
    expect(error).toMatchObject({
      systemBroken: true,
      message: `ValueError: Power script ${dir.file('script')} failed after 2 attempts with exit status 7:\ncannot log in with ********`,
    });
    expect(groups).toHaveLength(2);
  });

  it('says when an attempt took too long', async () => {
    const context = contextWith('echo waiting; sleep 30', {
      settings: { powerAttempts: 1, powerTimeoutS: 0.3 },
    });

    expect(await failureOf(runAction(command(), context))).toMatchObject({
      systemBroken: true,
      message: expect.stringMatching(
        /failed after 1 attempts with exit status -15:\nwaiting\n(Terminated\n)?\[no end within 0\.3 s\]$/,
      ),
    });
  });

  it('does not try again what a script refuses for the settings of the system', async () => {
    const context = contextWith('echo "no such outlet" >&2; exit 78');

    expect(await failureOf(runAction(command(), context))).toMatchObject({
      systemBroken: true,
      message: `ValueError: Power script ${dir.file('script')} failed after 1 attempts with exit status 78:\nno such outlet`,
    });
    expect(groups).toHaveLength(1);
  });

  it('passes on that a group could not be recorded', async () => {
    const context = contextWith('sleep 30', {
      onProcessGroup: () => {
        throw new Error('journal: disk full');
      },
    });

    expect(await failureOf(runAction(command(), context))).toMatchObject({ message: 'journal: disk full' });
  });
});

describe("the lab controller's own fault", () => {
  it('ends the attempts at once and does not blame the system, when the script goes away between them', async () => {
    const context = contextWith('exit 1', {
      timing: {
        rebootPauseMs: 0,
        retryDelayMs: () => {
          rmSync(dir.file('script'), { force: true });
          return 0;
        },
      },
    });

    expect(await failureOf(runAction(command(), context))).toMatchObject({
      name: 'CommandFailedError',
      systemBroken: false,
      message: expect.stringMatching(
        /^Power script \S+ could not be started in 2 attempts: cannot start .*\(ENOENT\)$/,
      ),
    });
  });

  it.each([
    ['does not exist', '#!/no/such/interpreter\n', 'ENOENT'],
    ['is not executable', '#!/etc/passwd\n', 'EACCES'],
    ['is the script itself', '#!SCRIPT\n', 'ELOOP'],
  ])('is an interpreter that %s', async (_what, text, code) => {
    const context = contextWith('');
    writeFileSync(dir.file('script'), text.replace('SCRIPT', dir.file('script')));

    expect(await failureOf(runAction(command(), context))).toMatchObject({
      systemBroken: false,
      message: expect.stringMatching(`could not be started in 1 attempts: .*\\(${code}\\)$`),
    });
  });

  it.each([
    ['missing', 'no-such-program', 127],
    ['no program', '/etc/passwd', 126],
    ['missing for env', 'exec /usr/bin/env no-such-program', 127],
  ])('is a program of the script that is %s', async (_what, script, exitStatus) => {
    const context = contextWith(script);

    const error = await failureOf(runAction(command(), context));

    expect(error).toMatchObject({
      systemBroken: false,
      message: expect.stringMatching(
        `^ValueError: Power script ${dir.file('script')} failed after 1 attempts with exit status ${exitStatus}:\n[^]+` +
          '\n\\[a program that the script needs cannot be run on this lab controller\\]$',
      ),
    });
    expect(groups).toHaveLength(1);
  });

  it('is tried again while it may pass, such as a script that is being written', async () => {
    const context = contextWith('', { settings: { powerAttempts: 2 } });
    // Linux starts no program that is open for writing.
    copyFileSync('/bin/true', dir.file('script'));
    const writing = openSync(dir.file('script'), 'r+');
    try {
      expect(await failureOf(runAction(command(), context))).toMatchObject({
        systemBroken: false,
        message: expect.stringMatching(/could not be started in 2 attempts: .*\(ETXTBSY\)$/),
      });
    } finally {
      closeSync(writing);
    }
  });

  it.each([
    ['without the x bit', () => chmodSync(dir.file('dummy'), 0o644), 'chmod 755'],
    [
      'on a file system that is mounted noexec',
      () => execFileSync('mount', ['-t', 'tmpfs', '-o', 'noexec,size=1m', 'none', dir.path]),
      'noexec',
    ],
  ])("is an admin's script %s, and the bundled one does not take its place", async (_what, spoil, advice) => {
    const context = contextWith('');
    try {
      writeFileSync(dir.file('dummy'), '#!/bin/sh\n', { mode: 0o755 });
      spoil();
      writeFileSync(dir.file('dummy'), '#!/bin/sh\n', { mode: 0o755 });

      expect(await failureOf(runAction(command({ type: 'dummy' }), context))).toMatchObject({
        systemBroken: false,
        message: expect.stringMatching(`Power script ${dir.file('dummy')} could not be started: .*${advice}`),
      });
    } finally {
      await promisify(execFile)('umount', [dir.path]).catch(() => undefined);
    }
  });

  it('may be that others own its scripts, which is warned of once', async () => {
    const lines: LogLine[] = [];
    const powerScripts = new PowerScripts({
      adminDir: dir.path,
      isRequired: true,
      troubles: new Troubles(),
      log: recordingLogger(lines),
    });
    const context = contextWith('', { powerScripts });
    chownSync(dir.file('script'), 12_345, 0);

    await runAction(command(), context);
    await runAction(command(), context);

    expect(lines).toMatchObject([
      { level: 'warn', facts: { reason: `${dir.file('script')} belongs to the user 12345` } },
    ]);
  });
});

describe('a power action during a stop', () => {
  it('is not begun', async () => {
    stopping.abort();

    expect(await failureOf(runAction(command(), contextWith('')))).toBeInstanceOf(InterruptedError);
    expect(groups).toEqual([]);
  });

  it('lets the script that runs end by itself', async () => {
    const context = contextWith('sleep 0.3; echo done >"$power_id"', {
      onProcessGroup: () => stopping.abort(),
    });

    await runAction(command(), context);

    expect(logLines()).toEqual(['done']);
  });

  it('is interrupted, not failed, when the script fails and attempts are left', async () => {
    const context = contextWith('exit 1', { onProcessGroup: () => stopping.abort() });

    expect(await failureOf(runAction(command(), context))).toBeInstanceOf(InterruptedError);
  });

  it('is failed when the last attempt fails', async () => {
    const context = contextWith('exit 1', {
      onProcessGroup: () => stopping.abort(),
      settings: { powerAttempts: 1 },
    });

    expect(await failureOf(runAction(command(), context))).toBeInstanceOf(CommandFailedError);
  });

  it('does not wait for the next attempt', async () => {
    const timing = { rebootPauseMs: 0, retryDelayMs: () => 60_000 };
    const failed = failureOf(runAction(command(), contextWith('echo x >"$power_id"; exit 1', { timing })));
    await waitUntil(() => logLines().length === 1);
    stopping.abort();

    expect(await failed).toBeInstanceOf(InterruptedError);
  });

  it('has its script ended by the second request', async () => {
    const failed = failureOf(runAction(command(), contextWith('sleep 60')));
    const group = await waitUntil(() => groups[0]);
    stopping.abort();
    killing.abort();

    expect(await failed).toBeInstanceOf(InterruptedError);
    expect(isAlive(group.pgid)).toBe(false);
  });
});

describe('a reboot', () => {
  const RECORD = 'echo "$(date +%s%N) $power_mode" >>"$power_id"';
  const modes = (): string[] => logLines().map((line) => line.split(' ')[1] ?? '');

  it('is off, a pause, and on', async () => {
    const timing = { rebootPauseMs: 300, retryDelayMs: () => 0 };

    await runAction(command({ action: 'reboot' }), contextWith(RECORD, { timing }));

    expect(modes()).toEqual(['off', 'on']);
    const [off = 0, on = 0] = logLines().map((line) => Number(line.split(' ')[0]) / 1e6);
    expect(on - off).toBeGreaterThanOrEqual(290);
  });

  it('does not switch on what it could not switch off', async () => {
    const context = contextWith(`${RECORD}; exit 1`, { settings: { powerAttempts: 2 } });

    expect(await failureOf(runAction(command({ action: 'reboot' }), context))).toBeInstanceOf(
      CommandFailedError,
    );
    expect(modes()).toEqual(['off', 'off']);
  });

  const FAILS_ON = `${RECORD}; [ "$power_mode" = off ]`;

  it('makes one attempt to switch the system on again when a stop comes in its pause', async () => {
    const context = contextWith(FAILS_ON, { timing: { rebootPauseMs: 200, retryDelayMs: () => 10 } });
    const done = failureOf(runAction(command({ action: 'reboot' }), context));
    await waitUntil(() => modes().includes('off'));
    stopping.abort();

    expect(await done).toBeInstanceOf(InterruptedError);
    expect(modes()).toEqual(['off', 'on']);
  });

  it('makes one more attempt, and at once, when a stop comes between two attempts to switch the system on', async () => {
    const context = contextWith(FAILS_ON, { timing: { rebootPauseMs: 0, retryDelayMs: () => 60_000 } });
    const done = failureOf(runAction(command({ action: 'reboot' }), context));
    await waitUntil(() => modes().includes('on'));
    stopping.abort();

    expect(await done).toBeInstanceOf(InterruptedError);
    expect(modes()).toEqual(['off', 'on', 'on']);
  });

  it('says when the system is off, before anything else', async () => {
    const seen: string[][] = [];
    const reboot = { isOff: false, switchedOff: () => seen.push(modes()) };
    await runAction(command({ action: 'reboot' }), contextWith(RECORD, { reboot }));
    expect(seen).toEqual([['off']]);
  });

  it('only switches the system on when a former life of the worker has switched it off', async () => {
    const reboot = { isOff: true, switchedOff: () => undefined };
    await runAction(command({ action: 'reboot' }), contextWith(RECORD, { reboot }));
    expect(modes()).toEqual(['on']);
  });

  it('is interrupted by the second request, even in its pause', async () => {
    const context = contextWith(RECORD, { timing: { rebootPauseMs: 60_000, retryDelayMs: () => 0 } });
    const done = failureOf(runAction(command({ action: 'reboot', fqdn: 'sys1.lab' }), context));
    await waitUntil(() => modes().includes('off'));
    stopping.abort();
    killing.abort();

    expect(await done).toBeInstanceOf(InterruptedError);
    expect(modes()).toEqual(['off']);
  });
});

describe('the dummy script', () => {
  it('takes the seconds in power_id', async () => {
    const start = performance.now();
    await runAction(powerCommand({ type: 'dummy', powerId: '0.3' }), actionContext());

    expect(performance.now() - start).toBeGreaterThanOrEqual(290);
  });

  it('takes no time without any', async () => {
    await expect(runAction(powerCommand({ type: 'dummy' }), actionContext())).resolves.toBeUndefined();
  });

  it.each(['--help', '-1', '1d', 'infinity', '1 2', '*', '$(id)', '1.2.3', '.'])(
    'refuses %j, which is no number of seconds',
    async (powerId) => {
      expect(
        await failureOf(runAction(powerCommand({ type: 'dummy', powerId }), actionContext())),
      ).toMatchObject({
        message: expect.stringContaining(
          `after 1 attempts with exit status 78:\ndummy: power_id is '${powerId}': expected a number of seconds`,
        ),
      });
    },
  );

  it('does not know interrupts', async () => {
    const context = actionContext();

    expect(
      await failureOf(runAction(powerCommand({ type: 'dummy', action: 'interrupt' }), context)),
    ).toMatchObject({
      message:
        `ValueError: Power script ${bundledScript('dummy')} failed after 1 attempts with exit status 78:\n` +
        'dummy: interrupt is not supported; the ipmitool power type supports it',
    });
  });
});
