import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { groupLedBy } from '../../../src/process/process-group.ts';
import { recover } from '../../../src/worker/recovery.ts';
import { powerCommand } from '../../helpers/commands.ts';
import { isAlive } from '../../helpers/is-alive.ts';
import { type JournalInDir, journalInDir } from '../../helpers/journal-in-dir.ts';
import { type LogLine, recordingLogger } from '../../helpers/recording-logger.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

/** Users without rights: one that a process belongs to, and one that this process is for a while. */
const ANOTHER_USER = 12_345;
const USER_WITHOUT_RIGHTS = 65_534;

describe('recover, beside a process of a former run that cannot be killed', () => {
  let state: JournalInDir;
  let script: ChildProcess;

  beforeEach(async () => {
    state = journalInDir();
    script = await leftOverOfAnotherUser();
  });
  afterEach(async () => {
    process.seteuid?.(0);
    script.kill('SIGKILL');
    await once(script, 'exit');
    state.remove();
  });

  it('keeps the lanes of its command closed no longer than the bound, while other commands go on', async () => {
    const pid = script.pid ?? 0;
    for (const id of [1, 2]) {
      state.journal.claiming(powerCommand({ id }), 1000, []);
      state.journal.claimed(id);
    }
    state.journal.started(powerCommand({ id: 1 }), 2000);
    state.journal.runsIn(1, groupLedBy(pid));
    const resumed: number[] = [];
    const lines: LogLine[] = [];

    recover({
      journal: state.reopen(),
      queue: {
        resume: ({ id }, _, clear) => void Promise.resolve(clear).then(() => resumed.push(id)),
      },
      onTold: () => undefined,
      onSystemOff: () => undefined,
      signal: new AbortController().signal,
      log: recordingLogger(lines),
      holdMs: 0,
    });
    process.seteuid?.(USER_WITHOUT_RIGHTS);
    await waitUntil(() => resumed.length === 2, { timeoutMs: 30_000 });

    expect(resumed).toEqual([2, 1]);
    expect(isAlive(pid)).toBe(true);
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'script of an earlier run does not end' }),
    );
  }, 40_000);
});

/** Leads a group of its own, and belongs to a user whose processes only root may kill. */
async function leftOverOfAnotherUser(): Promise<ChildProcess> {
  const args = ['--reuid', `${ANOTHER_USER}`, '--clear-groups', 'sleep', '60'];
  const script = spawn('setpriv', args, { detached: true, stdio: 'ignore' });
  const uid = new RegExp(`^Uid:\\s+${ANOTHER_USER}\\s`, 'm');
  await waitUntil(() => uid.test(readFileSync(`/proc/${script.pid}/status`, 'utf8')));
  return script;
}
