import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readStat } from '../../../src/process/proc-table.ts';
import { Troubles } from '../../../src/troubles.ts';
import { Survivors } from '../../../src/worker/survivors.ts';
import { silentLogger } from '../../helpers/silent-logger.ts';

describe('processes that cannot be killed', () => {
  let child: ChildProcess;
  let stop: AbortController;
  let troubles: Troubles;
  const command = { id: 7, fqdn: 'sys7.lab.test' };

  beforeEach(() => {
    child = spawn('sleep', ['60']);
    stop = new AbortController();
    troubles = new Troubles();
  });
  afterEach(() => void child.kill('SIGKILL'));

  const survivorsOfChild = (holdMs?: number): Survivors => {
    const options = { troubles, signal: stop.signal, log: silentLogger };
    const survivors = new Survivors(holdMs === undefined ? options : { ...options, holdMs });
    const pid = child.pid ?? 0;
    survivors.add(7, [{ pid, startTicks: readStat(pid)?.startTicks ?? 0 }]);
    return survivors;
  };

  it('keep lanes closed, and show in status, until they have ended', async () => {
    const order: string[] = [];
    const gone = survivorsOfChild()
      .gone(command)
      .then(() => order.push('gone'));
    expect(troubles.list()).toEqual([
      `processes ${child.pid} of command 7 cannot be killed; the lanes of sys7.lab.test wait for their end`,
    ]);
    const ended = once(child, 'exit').then(() => order.push('ended'));
    child.kill('SIGKILL');
    await Promise.all([gone, ended]);
    expect(order).toEqual(['ended', 'gone']);
    expect(troubles.list()).toEqual([]);
  });

  it('keep them closed no longer than the bound', async () => {
    await survivorsOfChild(0).gone(command);
    expect(child.exitCode).toBeNull();
  });

  it('hold up no stop', async () => {
    const gone = survivorsOfChild().gone(command);
    stop.abort();
    await gone;
    expect(child.exitCode).toBeNull();
  });

  it('are no matter for other commands', async () => {
    await survivorsOfChild().gone({ id: 8, fqdn: 'sys8.lab.test' });
  });
});
