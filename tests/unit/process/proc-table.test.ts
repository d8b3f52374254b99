import { describe, expect, it } from '@jest/globals';
import { environmentOf, listProcesses, readStat } from '../../../src/process/proc-table.ts';

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

  it('shows the environment of a process', () => {
    expect(environmentOf(process.pid).get('PATH')).toBe(process.env['PATH']);
  });
});
