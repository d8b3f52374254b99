import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { environmentOf, listProcesses, readStat } from '../../../src/process/proc-table.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

describe('the process table', () => {
  it('shows this process, with its group and its start', () => {
    const stat = readStat(process.pid);

    expect(stat?.pid).toBe(process.pid);
    expect(stat?.pgid).toBeGreaterThan(0);
    expect(stat?.session).toBeGreaterThanOrEqual(0);
    expect(stat?.startTicks).toBeGreaterThan(0);
    expect(listProcesses()).toContainEqual(stat);
  });

  it('shows nothing for a process that does not exist', () => {
    expect(readStat(2 ** 30)).toBeUndefined();
    expect(environmentOf(2 ** 30).size).toBe(0);
  });

  it('shows nothing for what is left of a process that has ended, as long as its parent does not ask for it', async () => {
    const script = "exec 3<&0; sh -c 'read line <&3' & echo $!; exec sleep 60";
    const parent = spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    try {
      const pid = Number(String(await once(parent.stdout, 'data')));
      const stat = (of: number | undefined): string => readFileSync(`/proc/${of}/stat`, 'utf8');
      // Not before the shell is another program, since it would ask.
      await waitUntil(() => stat(parent.pid).includes('(sleep)'));
      expect(readStat(pid)).toBeDefined();
      parent.stdin.write('\n');
      await waitUntil(() => stat(pid).includes(') Z '));
      expect(readStat(pid)).toBeUndefined();
      expect(readStat(parent.pid ?? 0)).toBeDefined();
    } finally {
      parent.kill('SIGKILL');
      await once(parent, 'exit');
    }
  });

  it('shows the environment of a process', () => {
    expect(environmentOf(process.pid).get('PATH')).toBe(process.env['PATH']);
  });
});
