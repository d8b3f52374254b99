import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type QueueCommandOptions, runQueueCommand } from '../../../src/cli/queue-command.ts';
import { Secret } from '../../../src/secret.ts';
import type { RunningServer } from '../../../src/server/server.ts';
import { LAB_ACCOUNT, startSmallHub } from '../../helpers/small-hub.ts';
import { waitUntil } from '../../helpers/wait-until.ts';

const LAB = 'lab.example.com';

describe('beaker-provision queue', () => {
  let server: RunningServer;
  let printed: string;

  beforeEach(async () => {
    printed = '';
    server = await startSmallHub();
  });
  afterEach(() => server.stop());

  const queue = (args: string[], options: Partial<QueueCommandOptions> = {}): Promise<number> =>
    runQueueCommand({
      args,
      serverUrl: server.url,
      user: LAB_ACCOUNT.user,
      password: new Secret(LAB_ACCOUNT.password),
      wait: false,
      json: false,
      out: {
        write: (text: string | Uint8Array) => {
          printed += String(text);
          return true;
        },
      },
      signal: new AbortController().signal,
      ...options,
    });

  const lines = (): string[] => printed.split('\n').map((line) => line.trim().replace(/ +/g, ' '));
  const end = (id: number, outcome: Parameters<RunningServer['store']['commands']['markEnded']>[2]) => {
    server.store.commands.markRunning(LAB, id);
    server.store.commands.markEnded(LAB, id, outcome);
  };

  it('queues the actions in their order and prints a line for each', async () => {
    expect(await queue(['sys1.lab', 'off', 'on'], { delayS: 60 })).toBe(0);
    expect(lines()).toEqual(['1 sys1.lab off Queued', '2 sys1.lab on Queued', '']);
    const queued = server.store.queries.queued(LAB);
    expect(queued.map(({ command }) => command.action)).toEqual(['off', 'on']);
    expect(queued[0]?.command.delayS).toBeGreaterThan(50);
    expect(queued[1]?.command.delayS).toBe(0);
  });

  it('follows the commands to their end, and exits 0 when all completed', async () => {
    const following = queue(['sys1.lab', 'off', 'on'], { wait: true });
    await waitUntil(() => printed.includes('sys1.lab  on'));
    server.store.commands.markRunning(LAB, 1);
    await waitUntil(() => printed.includes('Running'));
    server.store.commands.markEnded(LAB, 1, { status: 'completed' });
    end(2, { status: 'completed' });
    expect(await following).toBe(0);
    expect(lines().slice(0, 3)).toEqual([
      '1 sys1.lab off Queued',
      '2 sys1.lab on Queued',
      '1 sys1.lab off Running',
    ]);
    expect(lines().join('\n')).toMatch(/1 sys1\.lab off Completed in \d+\.\d s/);
    expect(lines().join('\n')).toMatch(/2 sys1\.lab on Completed in \d+\.\d s/);
  });

  it('exits 1 when one did not complete, and says why', async () => {
    const following = queue(['sys1.lab', 'off', 'on'], { wait: true });
    await waitUntil(() => printed.includes('Queued'));
    end(1, { status: 'completed' });
    end(2, { status: 'failed', message: 'no such BMC', systemBroken: true });
    expect(await following).toBe(1);
    expect(printed).toMatch(/2 {2}sys1\.lab {2}on +Failed in .* s: no such BMC\n/);
  });

  it('prints one JSON object a command, as queued or as ended', async () => {
    await queue(['sys1.lab', 'off'], { json: true });
    expect(JSON.parse(printed)).toEqual({ id: 1, fqdn: 'sys1.lab', action: 'off', status: 'Queued' });
    printed = '';
    const following = queue(['sys1.lab', 'on'], { json: true, wait: true });
    await waitUntil(() => server.store.queries.queued(LAB).length === 2);
    server.store.commands.cancel(LAB, 2);
    expect(await following).toBe(1);
    expect(JSON.parse(printed)).toMatchObject({ id: 2, status: 'Aborted' });
  });

  it('stops watching when it is told to, and leaves the commands alone', async () => {
    const stop = new AbortController();
    const following = queue(['sys1.lab', 'on'], { wait: true, signal: stop.signal });
    await waitUntil(() => printed.includes('Queued'));
    stop.abort();
    expect(await following).toBe(1);
    expect(server.store.queries.get(LAB, 1).status).toBe('Queued');
  });

  it('explains arguments that make no sense, all at once', async () => {
    await expect(queue(['../etc', 'on', 'explode'])).rejects.toMatchObject({
      problems: [
        'queue: expected the host name of a system first, found "../etc"',
        expect.stringMatching(/^queue: expected an action \(on, off, .*\), found "explode"$/),
      ],
    });
    await expect(queue(['sys1.lab'])).rejects.toThrow('expected one action or more');
  });

  it('explains what the server refuses', async () => {
    await expect(queue(['nosuch.lab', 'on'])).rejects.toThrow(
      `the server at ${server.url} refused: commands[0]: lab ${LAB} has no system nosuch.lab`,
    );
    await expect(queue(['sys1.lab', 'on'], { password: new Secret('wrong') })).rejects.toThrow(
      'refused: Invalid username or password',
    );
  });

  it('explains a server that is away, or is something else', async () => {
    const gone = await startSmallHub();
    await gone.stop();
    await expect(queue(['sys1.lab', 'on'], { serverUrl: gone.url })).rejects.toThrow(
      new RegExp(`^cannot reach the server at ${gone.url}: .*ECONNREFUSED`),
    );
    const stranger = createServer((_request, response) => response.end('<html>'));
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const serverUrl = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    await expect(queue(['sys1.lab', 'on'], { serverUrl })).rejects.toThrow(
      'expected a beaker-provision server',
    );
    stranger.closeAllConnections();
    await new Promise((resolve) => stranger.close(resolve));
  });
});
