import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { InterruptedError } from '../../../src/errors.ts';
import { endGroup, endGroups, RUN_MARKER } from '../../../src/process/end-group.ts';
import { groupLedBy, kill, killGroup } from '../../../src/process/process-group.ts';
import type { ProcessGroup } from '../../../src/process/process-group.ts';
import { isAlive } from '../../helpers/is-alive.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const children: ChildProcess[] = [];
const strays: number[] = [];

afterEach(() => {
  for (const { pid } of children.splice(0)) if (pid !== undefined) killGroup(pid, 'SIGKILL');
  for (const pid of strays.splice(0)) kill(pid, 'SIGKILL');
});

let runs = 0;

/** No other test, and no other run of the tests, has the same. */
const newMarker = (): string => `test/${process.pid}/${(runs += 1)}`;

/** Runs a script as a worker would, and gives the numbers that it prints. */
async function leftBehind(script: string, marker: string): Promise<{ group: ProcessGroup; pids: number[] }> {
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], [RUN_MARKER]: marker },
  });
  children.push(child);
  const group = groupLedBy(child.pid ?? 0);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pids = line.toString().trim().split(' ').map(Number);
  strays.push(...pids);
  return { group, pids };
}

/** A parent that starts a run and is killed: nobody is left who knows of it. */
async function orphaned(script: string, marker: string): Promise<{ group: ProcessGroup; pids: number[] }> {
  const parent = spawn(process.execPath, ['-e', WORKER, script], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'], [RUN_MARKER]: marker },
  });
  children.push(parent);
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pids = line.toString().trim().split(' ').map(Number);
  const [leader = 0] = pids;
  strays.push(...pids);
  const group = groupLedBy(leader);
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  return { group, pids };
}

const WORKER = `
  const { spawn } = require('node:child_process');
  spawn('/bin/sh', ['-c', process.argv[1]], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] });
  setInterval(() => undefined, 1000);
`;

describe('a group that a killed worker left behind', () => {
  it('is ended, down to the last member', async () => {
    const marker = newMarker();
    const { group, pids } = await orphaned('sleep 60 & echo $$ $!; wait', marker);
    expect(pids.every(isAlive)).toBe(true);

    await endGroup(group, 'another marker');

    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is found by its marker when it was never recorded', async () => {
    const marker = newMarker();
    const { pids } = await orphaned('sleep 60 & echo $$ $!; wait', marker);

    await endGroup(undefined, marker);

    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is given time to end in order, and no more', async () => {
    const marker = newMarker();
    const { group, pids } = await orphaned("trap '' TERM; echo $$; while :; do sleep 0.1; done", marker);

    const start = performance.now();
    await endGroup(group, marker, { killAfterMs: 300 });

    expect(performance.now() - start).toBeGreaterThanOrEqual(290);
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(pids.filter(isAlive)).toEqual([]);
  });
});

describe('ending a group', () => {
  it('ends members whose leader is dead', async () => {
    const { group, pids } = await leftBehind("sh -c 'echo $$; exec sleep 60' & sleep 0.2", newMarker());
    await waitUntil(() => !isAlive(group.pgid));

    await endGroups([{ group, marker: undefined, isOurChild: true }]);

    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('leaves a daemon alone that has got the number later, and whose leader is dead as that of every daemon', async () => {
    const { group, pids } = await leftBehind("sh -c 'echo $$; exec sleep 60' & sleep 0.2", newMarker());
    await waitUntil(() => !isAlive(group.pgid));

    await endGroup({ ...group, startTicks: group.startTicks - 1 }, 'another marker');

    expect(pids.every(isAlive)).toBe(true);
  });

  it('ends children that left the group, but not the session, with an empty environment', async () => {
    const script = 'env -i PATH="$PATH" timeout 60 sh -c \'echo $$; exec sleep 60\' & wait';
    const { group, pids } = await leftBehind(script, newMarker());

    await endGroup(group, 'another marker');

    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('ends the children of those that carry the marker, which have an empty environment themselves', async () => {
    const marker = newMarker();
    const script = 'setsid timeout 60 env -i PATH="$PATH" setsid -w sh -c \'echo $$; exec sleep 60\' & wait';
    const { pids } = await leftBehind(script, marker);

    await endGroup(undefined, marker);

    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('ends children that left the group', async () => {
    const marker = newMarker();
    const { group, pids } = await leftBehind("setsid sh -c 'echo $$; exec sleep 60' & wait", marker);

    await endGroup(group, marker);

    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('leaves another group alone that got the same number later, or after a reboot', async () => {
    const { group } = await leftBehind('echo $$; sleep 60; :', newMarker());

    await endGroup({ ...group, startTicks: group.startTicks - 1 }, 'another marker');
    await endGroup({ ...group, startTicks: 0 }, 'another marker');
    await endGroup({ ...group, bootId: 'another boot' }, 'another marker');

    expect(isAlive(group.pgid)).toBe(true);
  });

  it('leaves processes alone that carry another marker, or none', async () => {
    const marker = newMarker();
    const { group } = await leftBehind('echo $$; sleep 60; :', marker);

    await endGroup(undefined, `${marker}0`);
    await endGroup(undefined, marker.slice(0, -1));
    await endGroup(undefined, '');

    expect(isAlive(group.pgid)).toBe(true);
  });

  it('takes nothing amiss when all is gone', async () => {
    const marker = newMarker();
    const { group } = await leftBehind('echo $$', marker);
    await waitUntil(() => !isAlive(group.pgid));

    await expect(endGroup(group, marker)).resolves.toBeUndefined();
  });

  it('gives up when it is told to stop', async () => {
    const marker = newMarker();
    const { group } = await leftBehind("trap '' TERM; echo $$; while :; do sleep 0.1; done", marker);

    await expect(endGroup(group, marker, { signal: AbortSignal.timeout(50) })).rejects.toBeInstanceOf(
      InterruptedError,
    );
  });
});

describe('ending many groups', () => {
  it('waits for all of them at once', async () => {
    const deaf = "trap '' TERM; echo $$; while :; do sleep 0.1; done";
    const former = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const marker = newMarker();
        return { marker, ...(await leftBehind(deaf, marker)) };
      }),
    );

    const start = performance.now();
    await endGroups(former, { killAfterMs: 1000 });

    expect(performance.now() - start).toBeLessThan(8_000);
    expect(former.flatMap(({ pids }) => pids).filter(isAlive)).toEqual([]);
  });
});
