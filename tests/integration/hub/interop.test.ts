import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import xmlrpc from 'xmlrpc';
import { createHubClient } from '../../../src/hub/hub-client.ts';
import { startScriptedHub } from './scripted-hub.ts';

const cleanUps: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

describe('beside an independent XML-RPC implementation', () => {
  it('the client understands its server, and is understood', async () => {
    const server = xmlrpc.createServer({ host: '127.0.0.1', port: 0 });
    const http = (server as unknown as { httpServer: Server }).httpServer;
    await once(http, 'listening');
    cleanUps.push(() => new Promise((resolve) => http.close(() => resolve())));
    const failed: unknown[] = [];
    const commands = [
      { id: 1, fqdn: 'sys1.lab', delay: 0.5, on: true, text: 'a<b>&"c"\n é', list: [1, 'x', []] },
    ];
    server.on('labcontrollers.get_queued_command_details', (_error, _params, done) => done(null, commands));
    server.on('labcontrollers.get_running_command_ids', (_error, _params, done) => done(null, []));
    server.on('labcontrollers.mark_command_failed', (_error, params, done) => {
      failed.push(params);
      done(null, null);
    });
    server.on('labcontrollers.mark_command_running', (_error, _params, done) => {
      done({ faultCode: 1, faultString: 'Command 1 already run' }, null);
    });

    const { port } = http.address() as AddressInfo;
    const client = createHubClient({ url: `http://127.0.0.1:${port}`, login: { method: 'none' } });
    cleanUps.push(() => client.close());
    expect(await client.queuedCommands()).toEqual(commands);
    expect(await client.runningIds()).toEqual([]);
    await client.markFailed(1, 'a<b>&"c" ]]> é', true);
    expect(failed).toEqual([[1, 'a<b>&"c" ]]> é', true]]);
    await expect(client.markRunning(1)).rejects.toMatchObject({ name: 'CommandAlreadyRunError' });
  });

  it('its client understands our answers and faults', async () => {
    const value = { id: 1, delay: 0.5, on: true, text: 'a<b>&"c"\n é', none: null, list: [1, 'x', []] };
    const hub = await startScriptedHub(({ method, params }) => {
      if (method === 'fail') throw new Error('Command 1 not running');
      return [value, ...params];
    });
    cleanUps.push(() => hub.close());
    const client = xmlrpc.createClient({ host: '127.0.0.1', port: hub.port, path: '/client/' });
    const call = promisify<string, unknown[], unknown>((method, params, done) => {
      client.methodCall(method, params, (error, result) => done(error, result));
    });
    expect(await call('echo', ['é', -3, false, { a: [] }])).toEqual([value, 'é', -3, false, { a: [] }]);
    await expect(call('fail', [])).rejects.toMatchObject({
      faultCode: 1,
      faultString: 'Command 1 not running',
    });
  });
});
